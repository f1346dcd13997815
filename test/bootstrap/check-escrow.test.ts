import t from "tap";
import { checkEscrow } from "../../lib/bootstrap/check-escrow.ts";
import { redact } from "../../lib/cli/redact.ts";
import { InfraError } from "../../lib/errors.ts";
import type { HostAnswer, Hosts } from "../../lib/world.ts";
import { createFleet, host } from "../support/memory/fleet.ts";

const token = "K10aa::server:a-token-of-a-test";
const server = host("vps-1", { group: "k3s_masters" });

function answer(more: Partial<Extract<HostAnswer, { kind: "ran" }>>): { hosts: Hosts } {
  const ran = {
    kind: "ran",
    stdout: `${token}\n`,
    stderr: "",
    code: 0,
    address: "192.0.2.1",
  } as const;
  return { hosts: { ...createFleet({}).hosts, run: async () => ({ ...ran, ...more }) } };
}

t.test("the same token, another one, and none that is kept", async (t) => {
  const seen: string[] = [];
  const compare = (state: "same" | "different" | "missing") =>
    checkEscrow(answer({ stdout: `Welcome!\n${token}\n` }), server, async (given) => {
      seen.push(given);
      return state;
    });
  t.match(await compare("same"), [{ state: "ok", about: "vps-1" }]);
  t.match(await compare("missing"), [
    { state: "finding", code: "TOKEN_ESCROW_MISSING", fix: /init-cluster/ },
  ]);
  t.match(await compare("different"), [
    { state: "finding", code: "TOKEN_ESCROW_DIFFERS", fix: /git rm config\/escrow/ },
  ]);
  t.strictSame(seen, [token, token, token]);
  t.equal(redact(`it is ${token}`), "it is [secret]");
});

t.test("what forbids to compare is a finding", async (t) => {
  const checks = await checkEscrow(answer({}), server, async () => {
    throw new InfraError({ code: "EXEC_MISSING", message: "no sops", why: "b", fix: "install it" });
  });
  t.match(checks, [{ code: "EXEC_MISSING", says: "no sops", why: "b", fix: "install it" }]);
});

t.test("a host without k3s, without sudo, or that is down, has nothing to compare", async (t) => {
  const compare = async (): Promise<never> => {
    throw new Error("nothing to compare");
  };
  for (const more of [{ code: 1, stdout: "" }, { stdout: "\n" }]) {
    t.strictSame(await checkEscrow(answer(more), server, compare), []);
  }
  t.strictSame(await checkEscrow(createFleet({ "vps-1": "silent" }), server, compare), []);
});
