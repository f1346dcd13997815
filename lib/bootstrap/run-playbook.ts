import type { Host } from "../inventory/load.ts";
import type { Step } from "../steps/step.ts";
import { chooseWay, type Way } from "./choose-way.ts";
import type { BootstrapWorld } from "./world.ts";

export type PlaybookWorld = Pick<BootstrapWorld, "playbooks" | "loadHosts" | "connectHosts">;

export interface PlaybookStep {
  /** Also the step's id. */
  playbook: string;
  title: string;
  /** Limit of time. */
  minutes: number;
  after: string[];
  via: Way;
  /** The only hosts that it is for; all when left out. */
  limit?: readonly string[];
  /** Beside `via`, which is given where it is not auto. */
  variables?: Readonly<Record<string, unknown>>;
}

/** A playbook as a step: what is so already it finds by itself, task by task. */
export function runPlaybook(world: PlaybookWorld, step: PlaybookStep): Step {
  const { playbook, title, minutes, after, limit, variables } = step;
  return {
    id: playbook,
    title,
    after,
    timeoutSeconds: minutes * 60,
    waitsFor: `the playbook ${playbook}.yml`,
    async observe() {
      return { state: "open" };
    },
    async act(run) {
      const hosts = await world.loadHosts();
      const via = await chooseWay(world.connectHosts(hosts), listReached(hosts, limit), step.via);
      const wayNote = via === step.via ? "" : `, via ${via}: the mesh does not reach every host`;
      const { changed } = await world.playbooks.run(playbook, {
        // What the inventory itself says of it stays, unless there is a reason.
        variables: { ...variables, ...(via === "auto" ? {} : { via }) },
        ...(limit === undefined ? {} : { limit }),
        onProgress: (note) => run.report({ note: note + wayNote }),
        signal: run.signal,
      });
      return { changed, via };
    },
    async verify() {
      // Ansible has ended with 0: every task of every host was well.
      return {};
    },
  };
}

/** A playbook for some hosts reaches these, and the server, which tasks are delegated to. */
function listReached(
  hosts: readonly Host[],
  limit: readonly string[] | undefined,
): readonly Host[] {
  if (limit === undefined) return hosts;
  return hosts.filter(({ name, group }) => limit.includes(name) || group === "k3s_masters");
}
