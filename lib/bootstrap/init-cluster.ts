import type { Host } from "../inventory/load.ts";
import type { Step } from "../steps/step.ts";
import type { Link } from "./check.schema.ts";
import type { Way } from "./choose-way.ts";
import { awaitApplications } from "./await-applications.ts";
import { awaitBackups } from "./await-backups.ts";
import { escrowToken } from "./escrow-token.ts";
import { installArgoCd } from "./install-argocd.ts";
import { runPlaybook } from "./run-playbook.ts";
import { verifyNodes } from "./verify-nodes.ts";
import type { BootstrapWorld, Gitops } from "./world.ts";

/** The playbooks that make a cluster out of bare hosts, in their order: those of site.yml. */
const phases = [
  {
    playbook: "bootstrap",
    title: "Prepare the hosts, join them to the mesh, close what need not be open",
    minutes: 60,
  },
  { playbook: "k3s-cluster", title: "Run k3s on all hosts, the server first", minutes: 60 },
] as const;

export interface InitOptions {
  via: Way;
  /** What Argo CD starts from; it is left out without. */
  gitops: Gitops | undefined;
  /** Whether the data of a cluster before this one is to be brought back afterwards. */
  isRebuild: boolean;
}

/** The steps from hosts that can be logged in to, to a cluster that is what Git says. */
export function buildInitSteps(
  world: BootstrapWorld,
  { via, gitops, isRebuild }: InitOptions,
): Step[] {
  const ids = phases.map(({ playbook }) => playbook);
  const playbooks = phases.map((phase, index) =>
    runPlaybook(world, { ...phase, via, after: ids.slice(0, index) }),
  );
  const verify = verifyNodes(world, ids);
  const nodes = [...playbooks, verify, escrowToken(world, [verify.id])];
  if (gitops === undefined) return nodes;
  const install = installArgoCd(gitops, [verify.id]);
  const wish = isRebuild ? "synced" : "well";
  const applications = awaitApplications({ ...world, gitops }, [install.id], wish);
  const made = [...nodes, install, applications];
  return isRebuild ? [...made, awaitBackups(world, [applications.id])] : made;
}

/** The plan for people: which hosts, how they reach each other, and what is done. */
export function renderInitPlan(
  clusterName: string,
  hosts: readonly Host[],
  links: readonly Link[],
  { withGitops, isRebuild }: { withGitops: boolean; isRebuild: boolean },
): string {
  const lines = hosts.map(({ name, group, ansibleUser, publicIp, meshIp }) => {
    const role = group === "k3s_masters" ? "server" : "agent ";
    return `  ${role}  ${name}  ${ansibleUser}@${publicIp}${meshIp === undefined ? "" : `, ${meshIp} in the mesh`}`;
  });
  const steps = phases.map(({ title, playbook }) => `  ${title} (${playbook}.yml)`);
  return [
    `Cluster ${clusterName}`,
    ...lines,
    ...links.map(renderLink),
    "What is done; a host that is so already is left as it is:",
    ...steps,
    "  See that every host is a Ready node with its address",
    "  Keep the server's token, encrypted, for a rebuild",
    ...(withGitops ? ["  Start Argo CD, and wait until the cluster is what Git says"] : []),
    ...(isRebuild ? ["  Bring back what the bucket has of the cluster before this one"] : []),
    "",
  ].join("\n");
}

function renderLink({ from, to, rttMs, packetBytes }: Link): string {
  const time = rttMs === undefined ? "does not answer" : `${rttMs} ms`;
  return `  ${from} to ${to}: ${time}${packetBytes ? `, packets of ${packetBytes} bytes` : ""}`;
}
