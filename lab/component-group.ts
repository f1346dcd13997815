/** How to see that a program runs at all and is the version it should be. */
export interface Answer {
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** What stdout or stderr must contain. */
  says: string;
  /** 0 when left out. */
  exitCode?: number;
}

export interface Program {
  /** Its file in the cache. */
  file: string;
  /** The Go package it is built from; "." is the group's own. */
  package: string;
  /** The module whose version in go.mod is `{version}` here, and `{major}` and `{minor}`. */
  module: string;
  /** Appended to the module's version. */
  versionSuffix?: string;
  /** What the linker writes into string variables. */
  stamps?: Readonly<Record<string, string>>;
  /** Links to the file: it acts as the program it is called by. */
  aliases?: readonly string[];
  /** Asked of the file, or of each alias by its name. */
  answers: Readonly<Record<string, Answer>>;
}

/** What is built together: one folder, one go.mod, one entry of the cache. */
export interface ComponentGroup {
  name: string;
  /** Built only when it is asked for by its name: no part of the lab. */
  onDemand?: true;
  /** Its folder below lab/; `components/<name>` when left out. */
  folder?: string;
  /** A newer Go than the lab asks for, `go1.27.3`: one that is older gets it from the module proxy. */
  toolchain?: string;
  programs: readonly Program[];
}
