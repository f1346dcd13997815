import t from "tap";
import { describeSource, isPaused, readSync, syncsByItself } from "../../lib/argocd/pause.ts";
import type { Application } from "../../lib/objects.ts";

function build(change: Partial<Application> = {}): Application {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name: "shop", namespace: "argocd" },
    spec: {},
    ...change,
  };
}

function mark(value: string): Application {
  const annotations = { "argocd.argoproj.io/skip-reconcile": value };
  return build({ metadata: { name: "shop", annotations } });
}

t.test("an Application is paused by every word that Go reads as true", async (t) => {
  t.notOk(isPaused(build()));
  for (const word of ["true", "True", "1"]) t.ok(isPaused(mark(word)), word);
  for (const word of ["false", "0", "yes", ""]) t.notOk(isPaused(mark(word)), word);
});

t.test("a sync runs until it has an end, and waits as long as it is asked for", async (t) => {
  const operation = { sync: {} };
  const states = {
    none: [build(), build({ status: { operationState: { phase: "Succeeded", finishedAt: "x" } } })],
    waiting: [
      build({ operation }),
      build({ operation, status: { operationState: { phase: "Running", finishedAt: "x" } } }),
    ],
    running: [
      build({ operation, status: { operationState: { phase: "Running" } } }),
      // What was taken away from it while it ran.
      build({ status: { operationState: { phase: "Running" } } }),
      build({ operation, status: { operationState: { phase: "Terminating" } } }),
    ],
  };
  for (const [state, applications] of Object.entries(states)) {
    for (const one of applications) t.equal(readSync(one), state, JSON.stringify(one));
  }
});

t.test("what a person switched off does not sync by itself", async (t) => {
  t.notOk(syncsByItself(build()));
  t.ok(syncsByItself(build({ spec: { syncPolicy: { automated: {} } } })));
  t.notOk(syncsByItself(build({ spec: { syncPolicy: { automated: { enabled: false } } } })));
});

t.test("the folders of an Application are named, and never its address", async (t) => {
  const repoURL = "https://somebody:password@git.example/infra.git";
  t.equal(describeSource(build({ spec: { source: { repoURL, path: "apps/shop" } } })), "apps/shop");
  const sources = [{ repoURL, path: "a" }, { repoURL, path: "b" }, { repoURL }];
  t.equal(describeSource(build({ spec: { sources } })), "a, b");
  t.equal(describeSource(build({ spec: { source: { repoURL } } })), "its source");
});
