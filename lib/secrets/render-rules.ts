import { clusterFolder, clusterKeyFile } from "./cluster-files.ts";
import { encryptedRegex, pathRegex } from "./rules.ts";

/** Whose public keys the rules name. */
export interface Readers {
  /** The operator's and the recovery key: they open every file. */
  people: readonly string[];
  /** The cluster's own key. */
  cluster: string;
}

const head = `# Which files SOPS encrypts, and for whom: every *.sops.yaml, and nothing else; the first rule that
# matches counts. Written once by scripts/setup/init-secrets.ts: the operator's key first, then the
# recovery key; what Argo CD decrypts is for the cluster's own key, too, which is itself for people only.
# To change who can read, edit the lists and run: npx zx scripts/setup/rotate-secrets.ts
`;

/** A .sops.yaml with our rules. */
export async function renderRules(readers: Readers): Promise<string> {
  const { stringify } = await import("yaml");
  // Without anchors: each list is edited by itself.
  return (
    head + stringify({ creation_rules: buildRules(readers) }, { aliasDuplicateObjects: false })
  );
}

/** A text of rules with ours behind its own, which stay as they are, comments among them. */
export async function appendRules(text: string, readers: Readers): Promise<string> {
  const { parseDocument } = await import("yaml");
  const document = parseDocument(text);
  for (const rule of buildRules(readers)) {
    document.addIn(["creation_rules"], document.createNode(rule, { aliasDuplicateObjects: false }));
  }
  return document.toString();
}

/** The rules for what lies below kubernetes/, on a line each, for those who write them by hand. */
export function describeClusterRules(readers: Readers): string {
  return buildClusterRules(readers)
    .map(({ path_regex, age }) => {
      const rest = `encrypted_regex: '${encryptedRegex}', mac_only_encrypted: true`;
      return `- { path_regex: '${path_regex}', ${rest}, age: [${age.join(", ")}] }`;
    })
    .join("\n");
}

function buildRules(readers: Readers) {
  return [...buildClusterRules(readers), buildRule(pathRegex, readers.people)];
}

/** RE2 has no way to say "but not": the exception has to come before what it is one of. */
function buildClusterRules({ people, cluster }: Readers) {
  const keyRegex = `^${clusterKeyFile.replaceAll(".", "\\.").replace(/yaml$/, "ya?ml")}$`;
  return [
    buildRule(keyRegex, people),
    buildRule(`^${clusterFolder}.*[^/]\\.sops\\.ya?ml$`, [...people, cluster]),
  ];
}

function buildRule(path_regex: string, age: readonly string[]) {
  return { path_regex, encrypted_regex: encryptedRegex, mac_only_encrypted: true, age };
}
