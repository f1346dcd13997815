import { Resolver } from "node:dns/promises";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Asks a name server for the addresses of names, over and over, until it is ended, and prints a line of
 * JSON for each answer that is not as the one before. usage: ask-names.ts SERVER NAME...
 */
const [server = "", ...names] = process.argv.slice(2);
const intervalMilliseconds = 200;
const resolver = new Resolver({ timeout: 1000, tries: 1 });
resolver.setServers([server]);
const last = new Map<string, string>();

for (;;) {
  await Promise.all(names.map(ask));
  await sleep(intervalMilliseconds);
}

async function ask(name: string): Promise<void> {
  let addresses: string[];
  try {
    addresses = (await resolver.resolve4(name)).toSorted();
  } catch (error) {
    // That it has none is an answer; that nobody answered is not.
    if (!["ENOTFOUND", "ENODATA"].includes((error as NodeJS.ErrnoException).code ?? "")) return;
    addresses = [];
  }
  if (last.get(name) === addresses.join()) return;
  last.set(name, addresses.join());
  process.stdout.write(`${JSON.stringify({ name, at: Date.now(), addresses })}\n`);
}
