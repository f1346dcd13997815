import { exitCodes, InfraError } from "../errors.ts";
import type { Step } from "../steps/step.ts";
import { readServerToken } from "./read-token.ts";
import type { BootstrapWorld } from "./world.ts";

/** Keeps the server's token encrypted in the site, for the day on which its host is gone. */
export function escrowToken(world: BootstrapWorld, after: string[]): Step {
  return {
    id: "escrow-token",
    title: "Keep the server's token, encrypted",
    after,
    timeoutSeconds: 120,
    waitsFor: "the server's token",
    async observe() {
      return { state: "open" };
    },
    async act({ signal }) {
      const list = await world.loadHosts();
      const server = list.find(({ group }) => group === "k3s_masters");
      if (server === undefined) throw new Error("the inventory has lost its server");
      const hosts = world.connectHosts(list);
      const token = await readServerToken({ hosts }, server.name, { signal });
      if (token === undefined) throw unreadable(server.name);
      return { escrow: await world.escrowToken(token) };
    },
    async verify() {
      // Proven where it is written: the file is decrypted and compared.
      return {};
    },
  };
}

function unreadable(server: string): InfraError {
  return new InfraError({
    code: "BOOTSTRAP_TOKEN_UNREADABLE",
    message: `the token of ${server} could not be read; the cluster is up`,
    why: "it lets nobody in, or has no /var/lib/rancher/k3s/server/token",
    fix: "Log in and see, then run the same command again: a snapshot of etcd is of no use without it",
    exitCode: exitCodes.failed,
  });
}
