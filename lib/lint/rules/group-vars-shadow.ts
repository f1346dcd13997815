import { findClaim } from "../claims.ts";
import type { RepositoryFault, RepositoryRule } from "../rule.ts";

/** In the order in which Ansible looks for them; it reads the first that is there and no other. */
const endings = ["", ".yml", ".yaml", ".json"];

/** A file or folder of variables of one group or host. */
const variables =
  /^(?<entry>(?:.*\/)?(?:group_vars|host_vars)\/(?<name>[^/]+?))(?<ending>\.ya?ml|\.json)?(?<below>\/.*)?$/;

export const groupVarsShadow: RepositoryRule = {
  id: "group-vars-shadow",
  codes: ["VARIABLES_UNREAD"],
  scope: "repository",
  summary: "the variables of a group or host are in one file or in one folder",
  why: "Of `group_vars/all/`, `group_vars/all.yml`, `group_vars/all.yaml` and `group_vars/all.json` Ansible reads the first that is there, an empty folder too, and passes over the others without a word (DataLoader.find_vars_files in ansible-core's parsing/dataloader.py): what was set there has no effect.",
  example: {
    bad: "# group_vars/all.yml beside group_vars/all/vault.yml",
    good: "# group_vars/all/main.yml beside group_vars/all/vault.yml",
  },
  kinds: [],
  find({ files }) {
    const entries = new Map<string, Map<string, string>>();
    for (const file of files) {
      const { entry, ending = "", below } = variables.exec(file)?.groups ?? {};
      if (entry === undefined || findClaim(file).kind === "fixture") continue;
      // A folder whose name ends as a file's does is none of variables.
      if (below !== undefined && ending !== "") continue;
      const those = entries.get(entry) ?? new Map<string, string>();
      entries.set(entry, those.set(ending, file));
    }
    return [...entries].flatMap(([entry, those]): RepositoryFault[] => {
      const [first, ...others] = endings.filter((ending) => those.has(ending));
      if (first === undefined) return [];
      const isFolder = first === "" && those.get("") !== entry;
      const read = isFolder ? `${entry}/` : `${entry}${first}`;
      return others.map((ending) => ({
        where: { file: `${entry}${ending}`, line: 1, column: 1 },
        message: `Ansible never reads ${entry}${ending}`,
        why: `it takes ${read} and looks no further`,
        fix: isFolder ? `Move it to ${entry}/main.yml` : `Move what is in it to ${read}`,
      }));
    });
  },
};
