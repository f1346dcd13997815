import t from "tap";
import type { ComponentGroup } from "../../lab/component-group.ts";
import {
  fillVersion,
  findGoFloor,
  findModuleVersion,
  listNames,
  planGroup,
} from "../../lab/plan-components.ts";

const goMod = `module infra-k3s/lab/components/example

go 1.26.0

replace example.com/forked => example.com/fork v0.0.0-20260101000000-abcdefabcdef

require example.com/direct v1.2.3

require (
	example.com/other v9.9.9
	example.com/forked v0.1.0 // indirect
	k8s.io/kubernetes v1.36.3
)

replace (
	k8s.io/api => k8s.io/api v0.36.3
)
`;

const group: ComponentGroup = {
  name: "example",
  programs: [
    {
      file: "direct",
      package: "example.com/direct/cmd/direct",
      module: "example.com/direct",
      stamps: { "example.com/direct/version.Version": "{number}" },
      answers: { direct: { args: ["--version"], says: "{version}" } },
    },
  ],
};

const kubernetes: ComponentGroup = {
  name: "kubernetes",
  programs: [
    {
      file: "kubernetes",
      package: ".",
      module: "k8s.io/kubernetes",
      versionSuffix: "+k3s1",
      stamps: { "version.gitVersion": "{version}", "version.gitMinor": "{minor}" },
      aliases: ["kubelet", "kubectl"],
      answers: {},
    },
  ],
};

const sources = { "go.mod": goMod, "go.sum": "sums" };
const toolchain = { version: "go1.26.8" };

t.test("versions are read from go.mod, a replacement's before the replaced one's", async (t) => {
  t.equal(findModuleVersion(goMod, "example.com/direct"), "v1.2.3");
  t.equal(findModuleVersion(goMod, "example.com/other"), "v9.9.9");
  t.equal(findModuleVersion(goMod, "k8s.io/api"), "v0.36.3");
  t.match(findModuleVersion(goMod, "example.com/forked"), /^v0\.0\.0-2026/);
  t.equal(findModuleVersion(goMod, "example.com/fork"), undefined);
  t.equal(findModuleVersion(goMod, "exampleXcom/direct"), undefined);
  t.equal(findGoFloor(goMod), "1.26.0");
  t.equal(findGoFloor(goMod, "go1.27.3"), "1.21.0", "any that can get another one");
});

t.test("a version fills every placeholder", async (t) => {
  t.equal(
    fillVersion("{version} {number} {major}.{minor}", "v1.36.3+k3s1"),
    "v1.36.3+k3s1 1.36.3+k3s1 1.36",
  );
});

t.test("a group is built with the version of its go.mod", async (t) => {
  const plan = planGroup(group, sources, { toolchain });
  t.strictSame(plan.arguments, [
    "build",
    "-v",
    "-trimpath",
    "-buildvcs=false",
    "-mod=readonly",
    "-gcflags=all=-dwarf=false",
    "-ldflags=-s -w -X example.com/direct/version.Version=1.2.3",
    "example.com/direct/cmd/direct",
  ]);
  t.strictSame(plan.versions, { direct: "v1.2.3" });
  t.match(plan.key, /^example-[0-9a-f]{16}$/);
});

t.test("Kubernetes calls itself a k3s version, another one when asked to", async (t) => {
  const plan = planGroup(kubernetes, sources, { toolchain });
  t.equal(
    plan.arguments.at(-2),
    "-ldflags=-s -w -X version.gitVersion=v1.36.3+k3s1 -X version.gitMinor=36",
  );
  const next = planGroup(kubernetes, sources, { toolchain, kubernetesVersion: "v1.37.0+k3s1" });
  t.equal(
    next.arguments.at(-2),
    "-ldflags=-s -w -X version.gitVersion=v1.37.0+k3s1 -X version.gitMinor=37",
  );
  t.not(next.key, plan.key);
  t.equal(
    planGroup(group, sources, { toolchain, kubernetesVersion: "v1.37.0+k3s1" }).key,
    planGroup(group, sources, { toolchain }).key,
  );
  t.strictSame(listNames(kubernetes), ["kubernetes", "kubelet", "kubectl"]);
});

t.test("whatever changes a program changes its key", async (t) => {
  const { key } = planGroup(group, sources, { toolchain });
  t.equal(planGroup(group, { ...sources }, { toolchain }).key, key);
  const [program] = group.programs;
  if (program === undefined) throw new Error("the example has a program");
  const others = {
    "go.mod": planGroup(group, { ...sources, "go.mod": `${goMod}// note\n` }, { toolchain }),
    "go.sum": planGroup(group, { ...sources, "go.sum": "other sums" }, { toolchain }),
    "a source": planGroup(group, { ...sources, "main.go": "package main" }, { toolchain }),
    "a source called recipe": planGroup(group, { ...sources, recipe: "" }, { toolchain }),
    Go: planGroup(group, sources, { toolchain: { version: "go1.26.9" } }),
    "a wanted Go": planGroup({ ...group, toolchain: "go1.27.3" }, sources, { toolchain }),
    stamps: planGroup({ ...group, programs: [{ ...program, stamps: {} }] }, sources, { toolchain }),
    "a name": planGroup({ ...group, programs: [{ ...program, file: "d" }] }, sources, {
      toolchain,
    }),
    links: planGroup({ ...group, programs: [{ ...program, aliases: ["d"] }] }, sources, {
      toolchain,
    }),
  };
  for (const [what, plan] of Object.entries(others)) t.not(plan.key, key, what);
});

t.test("a wanted Go changes nothing where the installed one is as new", async (t) => {
  const newer = { toolchain: { version: "go1.28.0" } };
  const plan = planGroup({ ...group, toolchain: "go1.27.3" }, sources, newer);
  t.equal(plan.toolchain, "local");
  t.equal(plan.key, planGroup(group, sources, newer).key);
  t.equal(
    planGroup({ ...group, toolchain: "go1.27.3" }, sources, { toolchain }).toolchain,
    "go1.27.3",
  );
});

t.test("a group whose module is not in its go.mod is a defect", async (t) => {
  t.throws(() => planGroup(group, {}, { toolchain }), {
    message: /no version of example\.com\/direct/,
  });
});
