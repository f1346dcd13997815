import type { Finding } from "./rule.ts";

/** What a validation has found, and what it has looked at. */
export interface Report {
  findings: Finding[];
  counts: {
    files: number;
    objects: number;
    /** Findings that config/lint-ignore.yaml accepts. */
    ignored: number;
    /** Rules in CEL of the kinds that were met, which are not evaluated. */
    serverRules: number;
    /** Kustomizations that were not rendered, or not wholly, and charts, which never are. */
    notRendered: number;
    /** Encrypted files that are named and not there, before anybody has made secrets. */
    unmadeSecrets: number;
  };
}
