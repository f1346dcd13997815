import { InfraError } from "../errors.ts";
import { listManifests } from "../manifests/manifest.ts";
import { readPlain } from "../manifests/read-plain.ts";
import { ownNamespace } from "../steps/lock.ts";

/** What Services and namespaces may be called. */
const dnsLabel = /^[a-z](?:[-a-z0-9]*[a-z0-9])?$/;
/** Kubernetes puts eleven signs behind it in a label of the pods, which holds 63. */
const longest = 52;
/** Texts that some reader of YAML takes for something else. */
const yamlWord = /^(?:y|n|yes|no|on|off|true|false|null)$/;
/** There without standing in Git. */
const reserved = new RegExp(`^(?:default|kube-.*|${ownNamespace})$`);

/** Throws APP_NAME_INVALID for a name that an app and its namespace cannot have. */
export function checkAppName(name: string): void {
  const why = explainName(name);
  if (why === undefined) return;
  throw new InfraError({
    code: "APP_NAME_INVALID",
    message: `"${name}" cannot be the name of an app`,
    why,
    fix: "Choose one such as photos or book-club",
  });
}

function explainName(name: string): string | undefined {
  if (!dnsLabel.test(name)) {
    return "small letters, digits and dashes make it up, a letter first and no dash last";
  }
  if (name.length > longest) return `it has ${name.length} characters, and ${longest} are the most`;
  if (yamlWord.test(name)) return "YAML takes this word for something else than a text";
  return name === "templates" ? "a folder of this name is read as templates of Helm" : undefined;
}

/**
 * Throws APP_NAME_TAKEN when a namespace or an Application has the name already.
 *
 * @param files the texts of the manifests that the cluster gets, by path.
 */
export async function checkAppNameFree(
  name: string,
  files: ReadonlyMap<string, string>,
): Promise<void> {
  if (reserved.test(name)) throw taken(name, "the cluster has a namespace of this name");
  for (const [file, text] of files) {
    if (!text.includes(name)) continue;
    const holder = listManifests(file, await readDocuments(file, text)).find(
      (one) => one.name === name && ["Namespace", "Application"].includes(one.kind),
    );
    if (holder === undefined) continue;
    throw taken(name, `${file} declares the ${holder.kind} of this name`);
  }
}

async function readDocuments(file: string, text: string): Promise<unknown[]> {
  const plain = readPlain(text);
  if (plain !== undefined) return plain;
  const { parseYamlDocuments } = await import("../config/parse-yaml.ts");
  return (await parseYamlDocuments(text, file)).map(({ value }) => value);
}

function taken(name: string, why: string): InfraError {
  return new InfraError({
    code: "APP_NAME_TAKEN",
    message: `the name "${name}" is taken`,
    why,
    fix: "Choose another name",
  });
}
