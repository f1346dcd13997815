import { parseYamlDocuments } from "../config/parse-yaml.ts";
import { InfraError } from "../errors.ts";
import { applyDry, findKubectl } from "../exec/kubectl.ts";
import { toFinding } from "../lint/locate-finding.ts";
import type { Finding } from "../lint/rule.ts";
import { server } from "../lint/rules/server.ts";
import type { Manifest } from "../manifests/manifest.ts";
import { isForKustomize } from "../manifests/kustomization.ts";
import { isEncrypted } from "../manifests/sops.ts";

export interface AskServer {
  kubeconfigFile: string;
  env: NodeJS.ProcessEnv;
  /** The text of a judged file. */
  read(file: string): string;
}

/**
 * What the API server refuses of the objects; those that sops has encrypted are not sent. Throws
 * VALIDATE_KUBECTL_MISSING, KUBECTL_FAILED and EXEC_TIMEOUT.
 */
export async function askServer(
  manifests: readonly Manifest[],
  { kubeconfigFile, env, read }: AskServer,
): Promise<Finding[]> {
  const kubectl = await findKubectl(env);
  if (kubectl === undefined) throw kubectlMissing();
  const findings: Finding[] = [];
  for (const manifest of manifests) {
    if (isForKustomize(manifest) || isEncrypted(manifest.value)) continue;
    const why = await applyDry(kubectl, kubeconfigFile, manifest.value, env);
    if (why === undefined) continue;
    const documents = await parseYamlDocuments(read(manifest.file), manifest.file);
    const where = documents[manifest.document]?.locate(
      [...manifest.at, "metadata", "name"],
      "value",
    );
    findings.push(
      toFinding(
        server,
        {
          message: `the cluster does not take ${manifest.kind} "${manifest.name}"`,
          why,
          fix: "Correct what it names; or bring first what it waits for",
        },
        where ?? { file: manifest.file },
      ),
    );
  }
  return findings;
}

function kubectlMissing(): InfraError {
  return new InfraError({
    code: "VALIDATE_KUBECTL_MISSING",
    message: "--server needs kubectl, and it is in no folder of PATH",
    fix: "Install kubectl: zx scripts/setup/doctor.ts says how",
  });
}
