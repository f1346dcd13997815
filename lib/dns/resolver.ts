import type { Resolver as NodeResolver } from "node:dns/promises";
import { describeError, InfraError } from "../errors.ts";

/** What came of a question: answers, none among them, or the words of why there are none. */
export type Resolution = { kind: "answers"; answers: string[] } | { kind: "silent"; says: string };

export interface Resolver {
  /** Asks for the records of one type at a name. Never throws for what it finds. */
  resolve(name: string, type: string): Promise<Resolution>;
}

/**
 * A resolver at an address, with or without a port (`192.0.2.53`, `[2001:db8::53]:5353`); without one,
 * what this machine asks. The time is that of the first of two tries. Throws DNS_RESOLVER_INVALID.
 */
export async function connectResolver(server?: string, timeoutSeconds = 2): Promise<Resolver> {
  const { Resolver } = await import("node:dns/promises");
  const resolver = new Resolver({ timeout: timeoutSeconds * 1000, tries: 2 });
  if (server !== undefined) setServer(resolver, server);
  return {
    async resolve(name, type) {
      try {
        const answers = await questions[type]?.(resolver, name);
        return { kind: "answers", answers: (answers ?? []).toSorted() };
      } catch (error) {
        const { code = "" } = error as NodeJS.ErrnoException;
        if (code === "ENOTFOUND" || code === "ENODATA") return { kind: "answers", answers: [] };
        return { kind: "silent", says: code || describeError(error) };
      }
    },
  };
}

/** Whether records of this type can be asked for. */
export function canResolve(type: string): boolean {
  return Object.hasOwn(questions, type);
}

const questions: Readonly<Record<string, (by: NodeResolver, name: string) => Promise<string[]>>> = {
  A: async (by, name) => await by.resolve4(name),
  AAAA: async (by, name) => await by.resolve6(name),
  CNAME: async (by, name) => await by.resolveCname(name),
  NS: async (by, name) => await by.resolveNs(name),
  MX: async (by, name) =>
    (await by.resolveMx(name)).map(({ priority, exchange }) => `${priority} ${exchange}`),
  TXT: async (by, name) => (await by.resolveTxt(name)).map((strings) => strings.join("")),
};

function setServer(resolver: NodeResolver, server: string): void {
  try {
    resolver.setServers([server]);
  } catch (cause) {
    throw new InfraError({
      code: "DNS_RESOLVER_INVALID",
      message: `"${server}" is no address of a resolver`,
      why: "a name would have to be resolved first",
      fix: "Give an address, with a port if it is not 53: 1.1.1.1, 127.0.0.1:5353, [2606:4700:4700::1111]:53",
      cause,
    });
  }
}
