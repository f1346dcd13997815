import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import t, { type Test } from "tap";
import { repositoryRoot } from "../../lib/config/paths.ts";

const templates = path.join(repositoryRoot, "ansible/roles/firewall/templates");
const read = (name: string) => readFileSync(path.join(templates, name), "utf8");

/** What stands on the lines of a template that are no Jinja. */
const plainLines = (text: string) =>
  text.split("\n").filter((line) => line !== "" && !/^\{[%#]/.test(line));

t.test("nothing of Kubernetes is opened to everybody", async (t) => {
  const rules = plainLines(read("rules.j2"));
  t.ok(rules.length > 6);
  for (const rule of rules) {
    t.match(rule, /^allow [a-z0-9.:/{}|()', _]+$/, rule);
    if (/\b(8472|10250|6443|2379)\b/.test(rule)) {
      t.match(rule, /^allow from \{\{ address \}\} to any port /, rule);
    }
  }
  t.notMatch(read("rules.j2"), /\b(51820|51821|30000)\b/);
});

t.test("what is sent on to pods is dropped, but for what is named before", async (t) => {
  const lines = plainLines(read("before.init.j2")).map((line) => line.trim());
  const forward = lines.filter((line) => line.startsWith('each --append "$forward"'));
  t.match(forward.at(-1), /--append "\$forward" --jump DROP$/);
  for (const line of forward.slice(0, -1)) t.match(line, /--jump RETURN$/);
  t.ok(
    lines.indexOf('each --insert FORWARD --jump "$forward"') > lines.indexOf(forward.at(-1) ?? ""),
  );
});

/** A host below one folder, with a ufw that only writes down how it was called. */
function makeHost(t: Test, enabled: "yes" | "no") {
  const root = t.testdir({});
  const at = (file: string) => path.join(root, file);
  const write = (file: string, text: string) => {
    mkdirSync(path.dirname(at(file)), { recursive: true });
    writeFileSync(at(file), text);
    chmodSync(at(file), 0o755);
  };
  for (const name of ["ufw", "systemctl"]) {
    // Of systemctl's answers one is read: whether the timer is on.
    const answer = name === "systemctl" ? `[ "$1" != is-enabled ] || [ -e ${at("pending")} ]` : ":";
    write(`bin/${name}`, `#!/bin/sh\necho "${name} $*" >>${at("calls")}\n${answer}\n`);
  }
  write("etc/ufw/ufw.conf", `ENABLED=${enabled}\n`);
  write("etc/ufw/user.rules", "before\n");
  write("etc/default/ufw", 'DEFAULT_INPUT_POLICY="ACCEPT"\n');
  const script = read("infra-k3s-firewall.j2")
    .replaceAll("{{ firewall_folder }}", "/var/lib/infra-k3s/firewall")
    .replaceAll(/\/(?=(?:etc|var)\/)/g, `${root}/`);
  write("infra-k3s-firewall", script);
  return {
    at,
    write,
    run(word: string, input = "") {
      rmSync(at("calls"), { force: true });
      const { status, stderr } = spawnSync(at("infra-k3s-firewall"), [word], {
        encoding: "utf8",
        input,
        env: { PATH: `${at("bin")}:/usr/bin:/bin` },
      });
      const calls = existsSync(at("calls")) ? readFileSync(at("calls"), "utf8") : "";
      return { status, stderr, calls };
    },
  };
}

const stopTimer = "systemctl disable infra-k3s-firewall-undo.timer\n";

t.test("a firewall that was off is off again, with what it had", async (t) => {
  const host = makeHost(t, "no");
  t.match(host.run("begin"), {
    status: 0,
    calls: /systemctl restart infra-k3s-firewall-undo\.timer/,
  });
  host.write("etc/ufw/ufw.conf", "ENABLED=yes\n");
  host.write("etc/ufw/user.rules", "after\n");
  host.write("etc/ufw/new", "");
  host.write("etc/default/ufw", 'DEFAULT_INPUT_POLICY="DROP"\n');
  const { status, calls, stderr } = host.run("undo");
  t.equal(status, 0, stderr);
  t.equal(calls, `ufw --force disable\n${stopTimer}`);
  t.equal(readFileSync(host.at("etc/ufw/user.rules"), "utf8"), "before\n");
  t.match(readFileSync(host.at("etc/default/ufw"), "utf8"), /ACCEPT/);
  t.notOk(existsSync(host.at("etc/ufw/new")));
});

t.test("a firewall that was on does not stay off", async (t) => {
  const host = makeHost(t, "yes");
  host.run("begin");
  t.equal(host.run("undo").calls, `ufw --force disable\nufw --force enable\n${stopTimer}`);
});

t.test("without a copy nothing is undone, and a wrong word does nothing", async (t) => {
  const host = makeHost(t, "yes");
  t.strictSame(host.run("undo"), { status: 1, stderr: "", calls: "" });
  t.match(host.run("redo"), { status: 2, stderr: /usage: .* begin\|apply\|keep\|undo/, calls: "" });
  t.equal(readFileSync(host.at("etc/ufw/user.rules"), "utf8"), "before\n");
});

t.test("what was never confirmed is not what to go back to", async (t) => {
  const host = makeHost(t, "yes");
  host.run("begin");
  host.write("pending", "");
  host.write("etc/ufw/user.rules", "not confirmed\n");
  host.run("begin");
  host.run("undo");
  t.equal(readFileSync(host.at("etc/ufw/user.rules"), "utf8"), "before\n");
});

t.test("rules are given to ufw one by one, and then it reads its settings", async (t) => {
  const rules = "allow 22/tcp comment 'infra-k3s'\ndelete allow 80/tcp comment 'infra-k3s'\n";
  const enable = "systemctl enable ufw.service\n";
  const off = makeHost(t, "no").run("apply", rules).calls;
  t.equal(
    off,
    `ufw allow 22/tcp comment infra-k3s\nufw delete allow 80/tcp comment infra-k3s\nufw --force enable\n${enable}`,
  );
  t.equal(makeHost(t, "yes").run("apply", "\n").calls, `ufw reload\n${enable}`);
});
