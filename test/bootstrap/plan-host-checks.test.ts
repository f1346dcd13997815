import t from "tap";
import { planHostChecks } from "../../lib/bootstrap/plan-host-checks.ts";
import type { ClusterInventory } from "../../lib/inventory/load-cluster.ts";
import type { Host } from "../../lib/inventory/load.ts";
import { host } from "../support/memory/fleet.ts";

function inventory(hosts: Host[], variables: Record<string, unknown> = {}): ClusterInventory {
  return { hosts, networks: [], findVariable: (_host, name) => variables[name] };
}

function fullHost(name: string, more: Partial<Host> = {}): Host {
  const rest = { provider: "manual", providerId: undefined, place: { file: "hosts.yml" } } as const;
  return { ...host(name), ...rest, ...more };
}

t.test("hosts that nothing can be sent to are left out", (t) => {
  const { hosts } = planHostChecks(
    inventory([
      fullHost("vps-1"),
      fullHost("vps-1", { publicIp: "192.0.2.9" }),
      fullHost("vps-2", { publicIp: "vps-2.example" }),
      fullHost("vps-3", { meshIp: "{{ mesh_ip }}" }),
      fullHost("vps-4", { publicIp: "2001:db8::4", meshIp: "100.64.0.4" }),
    ]),
  );
  t.strictSame(
    hosts.map(({ name, publicIp }) => [name, publicIp]),
    [
      ["vps-1", "192.0.2.1"],
      ["vps-4", "2001:db8::4"],
    ],
  );
  t.end();
});

t.test("the limits are those of the variables", (t) => {
  const variables = { k3s_min_free_gb: 2, k3s_allow_cgroup_v1: true, mesh: "zerotier" };
  t.match(planHostChecks(inventory([fullHost("vps-1")], variables)), {
    mesh: "zerotier",
    options: { minFreeBytes: 2e9, allowCgroupV1: true },
  });
  const odd = { k3s_min_free_gb: "{{ x }}", k3s_allow_cgroup_v1: "yes" };
  const { options } = planHostChecks(inventory([fullHost("vps-1")], odd));
  t.strictSame(options, { networks: [], allowCgroupV1: false });
  t.strictSame(planHostChecks(undefined), {
    hosts: [],
    mesh: "tailscale",
    options: { networks: [], allowCgroupV1: false },
  });
  t.end();
});
