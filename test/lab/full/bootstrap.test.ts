import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import t from "tap";
import { ensureAnsible } from "../../../lab/ansible.ts";
import { prepareSite } from "../../../lab/cluster.ts";
import { addresses, labHosts } from "../../../lab/host-list.ts";
import { findOwnKey, readLoginPassword } from "../../../lab/logins.ts";
import { findPaths } from "../../../lab/paths.ts";
import { runPlaybook } from "../../../lab/playbook.ts";
import type { Progress } from "../../../lab/progress.ts";
import { findFileUrl } from "../../../lab/servers.ts";
import { bringUp } from "../../../lab/up.ts";
import { prepareRelease } from "../../../lab/up-cluster.ts";
import { getHost, loadInventory } from "../../../lib/inventory/load.ts";
import { askHost } from "../../../lab/host.ts";
import { apply, asOperator, logIn, onHost, planWeb, scan } from "../support/bare-hosts.ts";
import { listSecrets } from "../support/secrets.ts";
import { claimLab } from "../support/own-lab.ts";

/** Needs root and a machine that fits the lab, and makes and takes down a lab of its own. */
const paths = findPaths();
const names = labHosts.map(({ name }) => name);
const [server = "", second = "", third = ""] = names;
const timeout = 600_000;

const progress: Progress = { say: () => undefined, readSeconds: () => 0 };
const { signal } = new AbortController();
const none = Object.fromEntries(names.map((name) => [name, 0]));

/** What every run has said. */
const logs: string[] = [];

async function play(name: string, variables: Record<string, unknown> = {}, ...args: string[]) {
  // Every word that Ansible can say is in the log.
  const extra = ["-vvv", "--extra-vars", JSON.stringify(variables), ...args];
  try {
    return await runPlaybook(paths, name, { bin, args: extra, progress });
  } finally {
    logs.push(readFileSync(path.join(paths.ansible, `${name}.log`), "utf8"));
  }
}

claimLab(t, paths);

const { components, release } = await prepareRelease({ progress, signal });
await bringUp(paths, { withMesh: true, progress, signal });
const bin = await ensureAnsible({ progress });
const baseUrl = findFileUrl(release.folder);
await prepareSite(paths, { components, release, baseUrl, progress });
const password = await readLoginPassword(paths);

t.test("--check tells what would be done, and does nothing", { timeout }, async (t) => {
  const { changed } = await play("bootstrap", {}, "--check");
  for (const name of names) {
    t.ok((changed[name] ?? 0) > 5, name);
    t.match(await onHost(name, "ufw status"), /inactive/);
    t.match(await onHost(name, "sshd -T"), /^passwordauthentication yes$/m);
  }
  t.notOk(existsSync(path.join(paths.inventory, "host_vars", second)));
});

t.test("bare hosts with three ways in are prepared", { timeout }, async (t) => {
  const { changed, log } = await play("bootstrap");
  for (const name of names) t.ok((changed[name] ?? 0) > 5, name);
  t.notMatch(readFileSync(log, "utf8"), password);
  const host = getHost(await loadInventory(paths.inventory), second);
  t.equal(host.sshPrivateKeyFile, paths.privateKey);
  t.match(await logIn("ubuntu", second, "-i", paths.privateKey), /^$/);
  t.match(await logIn("ec2-user", third, "-i", findOwnKey(paths)), /^$/);
});

t.test("again: nothing changes, also for the host that had a password", { timeout }, async (t) => {
  t.strictSame((await play("bootstrap")).changed, none);
});

t.test("passwords are refused", { timeout }, async (t) => {
  const options = ["-o", "PreferredAuthentications=password,keyboard-interactive"];
  for (const [user, host] of [
    ["root", server],
    ["ubuntu", second],
    ["ec2-user", third],
  ] as const) {
    t.match(await logIn(user, host, ...options), /Permission denied \(publickey\)/, host);
  }
});

const extra = { firewall_extra_rules: ["allow 8443/tcp"] };
const nobody = "172.31.0.99";

t.test("a firewall that nobody can confirm is put back at once", { timeout }, async (t) => {
  const failed = play("bootstrap", { ...extra, firewall_confirm_address: nobody });
  await t.rejects(failed, {
    code: "LAB_PLAYBOOK_FAILED",
    why: /put back to what it was: a new connection .* failed/,
  });
  for (const name of names) {
    const rules = await onHost(name, "ufw status; ufw show added");
    t.match(rules, /Status: active/);
    t.notMatch(rules, "8443");
    const timer = "systemctl is-active infra-k3s-firewall-undo.timer || true";
    t.equal(await onHost(name, timer), "inactive");
  }
});

t.test("and by the timer, when the run itself has died", { timeout }, async (t) => {
  const controller = new AbortController();
  const unconfirmed = { firewall_confirm_address: nobody, firewall_undo_seconds: 30 };
  const variables = { ...extra, ...unconfirmed };
  const args = ["--extra-vars", JSON.stringify(variables), `--limit=${third}`];
  const died = runPlaybook(paths, "bootstrap", {
    bin,
    args,
    progress,
    signal: controller.signal,
  }).catch(() => undefined);
  const hasRule = async () => /8443/.test(await onHost(third, "ufw show added"));
  while (!(await hasRule())) await sleep(200);
  // In the middle of the change, or while it waits for an answer.
  await sleep(1000);
  controller.abort();
  await died;
  for (let left = 200; left > 0 && (await hasRule()); left -= 1) await sleep(500);
  t.notOk(await hasRule());
  t.match(await onHost(third, "ufw status"), /Status: active/);
  const wanted = "systemctl is-enabled infra-k3s-firewall-undo.timer || true";
  t.equal(await onHost(third, wanted), "disabled");
});

t.test(
  "k3s runs behind it: three Ready nodes, and pods reach each other",
  { timeout },
  async (t) => {
    await play("k3s-cluster");
    const ready = "k3s kubectl wait node --all --for=condition=Ready --timeout=60s";
    t.equal((await onHost(server, ready)).split("\n").length, 3);
    const [image = ""] = (await onHost(server, "k3s ctr images ls -q | grep busybox")).split("\n");
    await apply(server, planWeb(image));
    await onHost(server, "k3s kubectl rollout status daemonset/web --timeout=50s");
    const pods = await onHost(
      server,
      "k3s kubectl get pods -l app=web -o jsonpath='{range .items[*]}{.metadata.name} {.status.podIP}{\"\\n\"}{end}'",
    );
    const list = pods.split("\n").map((line) => line.split(" ") as [string, string]);
    t.equal(list.length, 3);
    const service = "k3s kubectl get service web -o jsonpath='{.spec.clusterIP}'";
    const targets = [...list.map(([, ip]) => `${ip} 8000`), `${await onHost(server, service)} 80`];
    for (const [from] of list) {
      for (const to of targets) {
        const ask = `k3s kubectl exec -i ${from} -- busybox nc -w 5 ${to}`;
        const answer = await onHost(server, `printf 'GET /passwd HTTP/1.0\\r\\n\\r\\n' | ${ask}`);
        t.match(answer, /^root:/m, `${from} to ${to}`);
      }
      const name = "web.default.svc.cluster.local";
      const found = await onHost(server, `k3s kubectl exec ${from} -- busybox nslookup ${name}`);
      t.match(found, /Address: 10\.43\./, `${from} asks the DNS`);
    }
  },
);

t.test("pods under load outlive a restart of tailscaled", { timeout }, async (t) => {
  const pods = await onHost(
    server,
    "k3s kubectl get pods -l app=web -o jsonpath='{range .items[*]}{.spec.nodeName} {.metadata.name} {.status.podIP} {.status.containerStatuses[0].containerID}{\"\\n\"}{end}'",
  );
  const find = (node: string) =>
    pods
      .split("\n")
      .find((line) => line.startsWith(`${node} `))
      ?.split(" ") ?? [];
  const [, from] = find(server);
  const [, , to] = find(third);
  // A request after the other, each with whether it was answered.
  const ask = `printf 'GET /passwd HTTP/1.0\\r\\n\\r\\n' | nc -w 1 ${to} 8000 | grep -c ^root: || true`;
  const loop = `end=$(($(date +%s) + 60)); while [ $(date +%s) -lt $end ]; do ${ask}; done`;
  const load = onHost(
    server,
    `echo '${Buffer.from(loop).toString("base64")}' | base64 -d | k3s kubectl exec -i ${from} -- /bin/busybox sh`,
  );
  await sleep(10_000);
  await onHost(third, "systemctl restart tailscaled");
  const answers = (await load).split("\n").map(Number);
  t.ok(answers.length > 50, `${answers.length} requests`);
  t.comment(`${answers.filter((one) => one !== 1).length} of ${answers.length} not answered`);
  t.strictSame(new Set(answers.slice(0, 5)), new Set([1]), "before");
  t.strictSame(new Set(answers.slice(-5)), new Set([1]), "afterwards");
  const after =
    "k3s kubectl get pods -l app=web -o jsonpath='{.items[*].status.containerStatuses[0].containerID}'";
  const ids = (await onHost(server, after)).split(" ");
  t.ok(ids.includes(find(third)[3] ?? ""), "its container is the same");
});

t.test("from outside, only ssh is open, and the web on an edge host", { timeout }, async (t) => {
  t.strictSame(await scan(), { [server]: [22, 80], [second]: [22], [third]: [22] });
  // The scan would have found them: they are there for whoever has no firewall in the way.
  await onHost(third, "/etc/ufw/before.init stop; ufw --force disable");
  const found = (await scan())[third];
  for (const port of [22, 80, 5432, 10250, 30080]) t.ok(found?.includes(port), `${port}`);
  t.ok(((await play("bootstrap")).changed[third] ?? 0) > 0, "and it is turned on again");
});

t.test("UDP ports of the pod network take nothing from outside", { timeout }, async (t) => {
  for (const name of names) {
    const address = labHosts.find((host) => host.name === name)?.address ?? "";
    const match = (port: number) => `-s ${addresses.operator} -p udp --dport ${port}`;
    for (const port of [8472, 51820]) {
      // What comes in, and what has passed every rule and meets the policy.
      await onHost(
        name,
        `iptables -t raw -I PREROUTING ${match(port)}; iptables -A INPUT ${match(port)}`,
      );
      await asOperator([
        "bash",
        "-c",
        `for i in 1 2 3 4 5; do echo x >/dev/udp/${address}/${port}; done`,
      ]);
      const count = `awk '/dpt:${port}/ { print $1 }'`;
      const counts = await onHost(
        name,
        `iptables -t raw -nvxL PREROUTING | ${count}; iptables -nvxL INPUT | ${count} | tail -n 1`,
      );
      t.equal(counts, "5\n5", `${name}: ${port}`);
      await onHost(
        name,
        `iptables -t raw -D PREROUTING ${match(port)}; iptables -D INPUT ${match(port)}`,
      );
    }
    t.match(await onHost(name, "iptables -S INPUT"), /^-P INPUT DROP$/m);
  }
});

t.test("the whole site again: nothing changes", { timeout }, async (t) => {
  t.strictSame((await play("site")).changed, none);
});

t.test(
  "an upgrade to what runs changes nothing, and a wrong one is refused",
  { timeout },
  async (t) => {
    t.strictSame((await play("upgrade")).changed, none);
    for (const [version, why] of [
      ["v1.38.0+k3s1", /one minor version at a time/],
      ["v1.35.9+k3s1", /one minor version at a time/],
    ] as const) {
      await t.rejects(play("upgrade", { k3s_version: version }), {
        code: "LAB_PLAYBOOK_FAILED",
        why,
      });
    }
    t.match(await onHost(server, "k3s kubectl get nodes"), / Ready /);
  },
);

t.test("no secret is in what the runs have said, or left on a host", { timeout }, async (t) => {
  const secrets = await listSecrets(paths, server);
  const log = logs.join("\n");
  t.ok(log.length > 1_000_000, `${log.length} characters`);
  t.match(log, /censored/, "what is not to be said was left out");
  for (const [what, secret] of Object.entries(secrets)) {
    t.notOk(log.includes(secret), what);
    for (const name of names) {
      // In a log of a host, the shell's history among them, but not where it has to be.
      const places = "/root /home /run/log /tmp /var/log /var/tmp";
      const { stdout } = await askHost(paths, name, `grep -rIlFf - ${places} 2>/dev/null`, secret);
      t.equal(stdout, "", `${name}: ${what}`);
      const inJournal = "key=$(cat); journalctl --no-pager | grep -cF -- $key";
      t.equal(
        (await askHost(paths, name, inJournal, secret)).stdout.trim(),
        "0",
        `${name}: ${what}`,
      );
    }
  }
});

t.test("maintenance restarts what wants it, and nothing else", { timeout }, async (t) => {
  t.strictSame((await play("maintenance")).changed, none);
  const boot = "cat /proc/sys/kernel/random/boot_id";
  const before = await Promise.all(names.map((name) => onHost(name, boot)));
  await onHost(third, "touch /run/reboot-required");
  const { changed } = await play("maintenance");
  t.strictSame({ ...changed, [third]: 0 }, none);
  // Drained, restarted, let in again.
  t.equal(changed[third], 3);
  const after = await Promise.all(names.map((name) => onHost(name, boot)));
  t.strictSame(
    after.map((id, index) => id === before[index]),
    [true, true, false],
  );
  t.notMatch(await onHost(server, "k3s kubectl get nodes"), "SchedulingDisabled");
  t.match(
    await onHost(third, "ufw status; iptables -t mangle -S FORWARD"),
    /active[^]*ufw-infra-k3s/,
  );
  t.strictSame((await play("maintenance")).changed, none);
});

t.test("k3s goes when the cluster's name is typed, and volumes stay", { timeout }, async (t) => {
  for (const confirm of ["", "other"]) {
    await t.rejects(play("k3s-uninstall", { confirm }), {
      code: "LAB_PLAYBOOK_FAILED",
      why: /was typed, and the name of the cluster is lab/,
    });
  }
  t.match(await onHost(server, "k3s kubectl get nodes"), / Ready /);
  for (const name of names) await onHost(name, "echo kept >/var/lib/rancher/k3s/storage/file");
  await play("k3s-uninstall", { confirm: "lab" });
  for (const name of names) {
    t.equal(await onHost(name, "cat /var/lib/rancher/k3s/storage/file; ls /usr/local/bin"), "kept");
  }
  t.strictSame((await play("k3s-uninstall", { confirm: "lab" })).changed, none);
  await t.rejects(play("k3s-cluster"), {
    code: "LAB_PLAYBOOK_FAILED",
    why: /no mesh_ip; run networking\.yml/,
  });
  await play("networking");
  await play("k3s-cluster");
  t.match(await onHost(server, "k3s kubectl get nodes"), / Ready /);
});
