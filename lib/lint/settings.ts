import type { Versions } from "../config/versions.ts";
import type { Settings } from "./rule.ts";

/** What the rules judge by, given the pinned versions. */
export function buildSettings(versions: Versions): Settings {
  const [, minor = ""] = /^v?(\d+\.\d+)\./.exec(versions.k3s.version) ?? [];
  return { versions, minor };
}
