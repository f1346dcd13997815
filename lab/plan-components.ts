import { makeKey } from "./cache.ts";
import type { ComponentGroup, Program } from "./component-group.ts";
import { buildEnvironment, buildFlags, chooseToolchain } from "./go.ts";
import type { Toolchain } from "./go.ts";

/** The files of a group's folder by their path in it. */
export type Sources = Readonly<Record<string, string>>;

/** How one group is built, and the name of the result in the cache. */
export interface GroupPlan {
  group: ComponentGroup;
  key: string;
  /** The value of GOTOOLCHAIN. */
  toolchain: string;
  /** The arguments of `go`, but for where it writes to. */
  arguments: readonly string[];
  /** The version that each program's file was stamped with. */
  versions: Readonly<Record<string, string>>;
}

export interface PlanOptions {
  toolchain: Pick<Toolchain, "version">;
  /** Stamped on Kubernetes instead of the version in its go.mod: `v1.36.4+k3s1`. */
  kubernetesVersion?: string | undefined;
}

/** Plans one group; throws a plain Error, a defect, when its go.mod lacks a module it names. */
export function planGroup(
  group: ComponentGroup,
  sources: Sources,
  { toolchain, kubernetesVersion }: PlanOptions,
): GroupPlan {
  const modules = sources["go.mod"] ?? "";
  const versions: Record<string, string> = {};
  const stamps: string[] = [];
  for (const program of group.programs) {
    const version =
      program.module === "k8s.io/kubernetes" && kubernetesVersion !== undefined
        ? kubernetesVersion
        : readVersion(program, modules);
    versions[program.file] = version;
    for (const [variable, value] of Object.entries(program.stamps ?? {})) {
      stamps.push(`-X ${variable}=${fillVersion(value, version)}`);
    }
  }
  const linker = ["-s", "-w", ...new Set(stamps)].join(" ");
  const packages = group.programs.map((program) => program.package);
  const argv = ["build", "-v", ...buildFlags, `-ldflags=${linker}`, ...packages];
  const links = group.programs.map(({ file, aliases }) => [file, ...(aliases ?? [])]);
  const { version, setting } = chooseToolchain(toolchain.version, group.toolchain);
  const environment = { ...buildEnvironment, GOTOOLCHAIN: setting };
  const recipe = JSON.stringify([argv, links, environment, version]);
  return {
    group,
    key: makeKey(group.name, { ...prefix(sources), recipe }),
    toolchain: setting,
    arguments: argv,
    versions,
  };
}

/** A source file may be called `recipe`. */
function prefix(sources: Sources): Sources {
  return Object.fromEntries(Object.entries(sources).map(([file, text]) => [`file ${file}`, text]));
}

function readVersion({ module, versionSuffix }: Program, goMod: string): string {
  const version = findModuleVersion(goMod, module);
  if (version === undefined) throw new Error(`no version of ${module} in the go.mod of its group`);
  return version + (versionSuffix ?? "");
}

/** The version of a module in the text of a go.mod, that of its replacement when it has one. */
export function findModuleVersion(goMod: string, module: string): string | undefined {
  const name = module.replace(/[.]/g, "\\.");
  const replaced = new RegExp(`^(?:replace|\\t)\\s*${name}(?: v\\S+)? => \\S+ (v\\S+)`, "m");
  const required = new RegExp(`^(?:require|\\t)\\s*${name} (v\\S+)`, "m");
  return (replaced.exec(goMod) ?? required.exec(goMod))?.[1];
}

/** The lowest Go that must be installed to build a go.mod: `1.26.0`. */
export function findGoFloor(goMod: string, toolchain?: string): string {
  // The first that can get another one.
  if (toolchain !== undefined) return "1.21.0";
  return /^go (\S+)$/m.exec(goMod)?.[1] ?? "1.26.0";
}

/** Replaces `{version}`, `{number}` (without its v), `{major}` and `{minor}`. */
export function fillVersion(text: string, version: string): string {
  const number = version.replace(/^v/, "");
  const [major = "", minor = ""] = number.split(".");
  return text
    .replaceAll("{version}", version)
    .replaceAll("{number}", number)
    .replaceAll("{major}", major)
    .replaceAll("{minor}", minor);
}

/** The names that a group's entry must hold: files and the links to them. */
export function listNames(group: ComponentGroup): string[] {
  return group.programs.flatMap(({ file, aliases }) => [file, ...(aliases ?? [])]);
}
