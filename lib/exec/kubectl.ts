import { exitCodes, InfraError } from "../errors.ts";
import { findLabProgram } from "./lab-program.ts";
import { checkProgram, run } from "./run.ts";

const timeoutSeconds = 60;

/** For many objects at once. */
const applySeconds = 180;

/** Images are there already. */
const rolloutSeconds = 180;

/** kubectl of the PATH, or the one that the lab has built; undefined when there is none. */
export async function findKubectl(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { which } = await import("zx/core");
  const found = await which("kubectl", { path: env["PATH"] ?? "", nothrow: true });
  return found ?? findLabProgram("kubernetes", "kubectl", env);
}

/** The same; throws EXEC_MISSING. */
export async function getKubectl(env: NodeJS.ProcessEnv): Promise<string> {
  const found = await findKubectl(env);
  if (found !== undefined) return found;
  await checkProgram("kubectl", env, "Install it: https://kubernetes.io/docs/tasks/tools/");
  return "kubectl";
}

/**
 * Lets the API server judge an object as if it were applied, without keeping it: server-side apply
 * with `dryRun=All`. Returns the server's words when it refuses it. Throws KUBECTL_FAILED when the
 * server was not asked, and EXEC_TIMEOUT.
 */
export async function applyDry(
  kubectl: string,
  kubeconfigFile: string,
  object: unknown,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const argv = [
    kubectl,
    `--kubeconfig=${kubeconfigFile}`,
    "apply",
    "--server-side",
    "--dry-run=server",
    "--force-conflicts",
    "--validate=strict",
    "--filename=-",
  ] as const;
  const { code, stderr } = await run(argv, {
    env,
    stdin: JSON.stringify(object),
    timeoutSeconds,
    allowedCodes: [0, 1],
  });
  if (code === 0) return undefined;
  if (!refusal.test(stderr)) throw unanswered(stderr);
  return stderr.trim().replace(/^Error from server(?: \(\w+\))?: /, "");
}

/** Where kubectl finds a cluster, and under which name it writes there. */
export interface Applying {
  kubectl: string;
  kubeconfigFile: string;
  fieldManager: string;
  env: NodeJS.ProcessEnv;
}

/**
 * Applies objects on the server, where no annotation limits their size; fields that others own are
 * taken over. Returns when the kinds among them are served. Throws KUBECTL_REFUSED with the server's
 * words, KUBECTL_FAILED and EXEC_TIMEOUT.
 */
export async function applyObjects(
  objects: readonly { kind: string; metadata: { name: string } }[],
  { kubectl, kubeconfigFile, fieldManager, env }: Applying,
): Promise<void> {
  if (objects.length === 0) return;
  const cluster = [kubectl, `--kubeconfig=${kubeconfigFile}`] as const;
  const how = ["--server-side", "--force-conflicts", `--field-manager=${fieldManager}`];
  const { code, stderr } = await run([...cluster, "apply", ...how, "--filename=-"], {
    env,
    stdin: JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }),
    timeoutSeconds: applySeconds,
    allowedCodes: [0, 1],
  });
  if (code !== 0) throw refusal.test(stderr) ? refused(stderr) : unanswered(stderr);
  const kinds = objects
    .filter(({ kind }) => kind === "CustomResourceDefinition")
    .map(({ metadata }) => `crd/${metadata.name}`);
  if (kinds.length === 0) return;
  const wait = [
    ...cluster,
    "wait",
    "--for=condition=Established",
    "--timeout=60s",
    ...kinds,
  ] as const;
  // Of a kind that has just been made there is no list of conditions yet, which it cannot read.
  const end = Date.now() + applySeconds * 1000;
  for (let isNew = true; isNew;) {
    const waited = await run(wait, { env, timeoutSeconds: applySeconds, allowedCodes: [0, 1] });
    isNew = waited.code !== 0 && waited.stderr.includes("accessor error") && Date.now() < end;
    if (waited.code !== 0 && !isNew) throw unanswered(waited.stderr);
  }
}

/**
 * Replaces the pods of a Deployment, of which there are always enough meanwhile, and waits until the new
 * ones are ready. Throws KUBECTL_REFUSED, KUBECTL_FAILED and EXEC_TIMEOUT.
 */
export async function restartDeployment(
  { name, namespace }: { name: string; namespace: string },
  { kubectl, kubeconfigFile, fieldManager, env }: Applying,
): Promise<void> {
  const rollout = [kubectl, `--kubeconfig=${kubeconfigFile}`, "rollout"] as const;
  const which = [`--namespace=${namespace}`, `deployment/${name}`];
  const wait = `--timeout=${rolloutSeconds}s`;
  for (const args of [
    ["restart", `--field-manager=${fieldManager}`, ...which],
    ["status", wait, ...which],
  ]) {
    const { code, stderr } = await run([...rollout, ...args], {
      env,
      timeoutSeconds: rolloutSeconds + timeoutSeconds,
      allowedCodes: [0, 1],
    });
    if (code !== 0) throw refusal.test(stderr) ? refused(stderr) : unanswered(stderr);
  }
}

/** What kubectl says when the server does not want the object, or does not know its kind. */
const refusal = /^(?:Error from server|error: resource mapping not found|The \w+ ".*" is invalid)/m;

function refused(stderr: string): InfraError {
  return new InfraError({
    code: "KUBECTL_REFUSED",
    message: "the cluster does not take what was to be applied",
    why: stderr.trim(),
    fix: "Correct it; npm run validate finds most of it before",
    exitCode: exitCodes.failed,
  });
}

function unanswered(stderr: string): InfraError {
  return new InfraError({
    code: "KUBECTL_FAILED",
    message: "kubectl could not ask the cluster",
    why: stderr.trim(),
    fix: "See that the kubeconfig leads to a cluster that answers, then run the same command again",
    exitCode: exitCodes.failed,
  });
}
