import t from "tap";
import { judgeLogin } from "../../lib/bootstrap/judge-login.ts";
import type { LoginFailure, LoginTry } from "../../lib/world.ts";
import { host } from "../support/memory/fleet.ts";

const address = "192.0.2.1";

function login(failure: LoginFailure, more = {}) {
  return judgeLogin(host("vps-1", more), [{ address, failure, says: "ssh's\n  words" }]);
}

const causes: Record<LoginFailure, { code: string; says: RegExp; fix: RegExp }> = {
  denied: {
    code: "HOST_LOGIN_DENIED",
    says: /does not let "admin" in with the key \/keys\/id/,
    fix: /ssh-copy-id -i \/keys\/id\.pub admin@192\.0\.2\.1$/,
  },
  "key-unusable": { code: "HOST_KEY_UNUSABLE", says: /\/keys\/id/, fix: /^chmod 600 \/keys\/id/ },
  "host-key-unknown": {
    code: "HOST_KEY_UNKNOWN",
    says: /not among those that are known/,
    fix: /answer yes: ssh -i \/keys\/id admin@192\.0\.2\.1$/,
  },
  "host-key-changed": {
    code: "HOST_KEY_CHANGED",
    says: /another host key/,
    fix: /ssh-keygen -R 192\.0\.2\.1 /,
  },
  closed: {
    code: "HOST_CLOSED",
    says: /no sshd answers at 192\.0\.2\.1 port 22/,
    fix: /ansible_port/,
  },
  silent: { code: "HOST_SILENT", says: /the host is down/, fix: /start it/ },
  timeout: { code: "HOST_TIMEOUT", says: /in time/, fix: /uptime$/ },
  other: { code: "HOST_LOGIN_FAILED", says: /cannot log in/, fix: /^Log in by hand/ },
};

for (const [failure, { code, says, fix }] of Object.entries(causes)) {
  t.test(`${failure} has its cause and its fix`, (t) => {
    const check = login(failure as LoginFailure);
    t.match(check, { about: "vps-1", check: "login", state: "finding", code, says, fix });
    t.equal(check.why, "192.0.2.1: ssh's words");
    t.notMatch(JSON.stringify(check), /undefined/);
    t.end();
  });
}

t.test("another port and no key of its own", (t) => {
  const more = { sshPort: 2222, sshPrivateKeyFile: undefined };
  t.match(login("denied", more), {
    says: /the keys that ssh offers/,
    fix: /ssh-copy-id -p 2222 admin@/,
  });
  t.match(login("host-key-changed", more), { fix: /ssh-keygen -R '\[192\.0\.2\.1\]:2222'/ });
  t.match(login("key-unusable", more), { fix: /^chmod 600 ~\/\.ssh\/\*/ });
  t.end();
});

t.test("a host that begins with a password", (t) => {
  const more = { sshPrivateKeyFile: undefined, sshPasswordVariable: "vault_vultr_password" };
  t.match(login("denied", more), {
    code: "HOST_LOGIN_DENIED",
    fix: /^Correct vault_vultr_password in the vault, or .*ssh-copy-id admin@192\.0\.2\.1$/,
  });
  t.end();
});

t.test("of two ways the one that says more", (t) => {
  const mesh = "100.64.0.1";
  const cases: [LoginFailure, LoginFailure, string][] = [
    ["silent", "denied", "HOST_LOGIN_DENIED"],
    ["denied", "silent", "HOST_LOGIN_DENIED"],
    ["silent", "silent", "HOST_SILENT"],
    ["silent", "closed", "HOST_CLOSED"],
    ["host-key-changed", "denied", "HOST_KEY_CHANGED"],
  ];
  for (const [overMesh, inPublic, code] of cases) {
    const tries: LoginTry[] = [
      { address: mesh, failure: overMesh, says: "a" },
      { address, failure: inPublic, says: "b" },
    ];
    const check = judgeLogin(host("vps-1"), tries);
    t.match(check, { code, why: `${mesh}: a; ${address}: b` }, `${overMesh}, ${inPublic}`);
  }
  t.match(judgeLogin(host("vps-1"), []), { code: "HOST_SILENT", fix: /again/ });
  t.end();
});

t.test("ssh's frame around a warning is left out", (t) => {
  const frame = "@".repeat(59);
  const says = `${frame}\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n${frame}\nIt is`;
  const check = judgeLogin(host("vps-1"), [{ address, failure: "host-key-changed", says }]);
  t.notMatch(check.why, /@@/);
  t.match(check.why, /HAS CHANGED! @ It is$/);
  t.end();
});
