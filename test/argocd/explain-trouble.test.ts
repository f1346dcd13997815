import t from "tap";
import { describeApplication, isWell } from "../../lib/argocd/describe-application.ts";
import { explainTrouble } from "../../lib/argocd/explain-trouble.ts";
import type { Application } from "../../lib/objects.ts";

function makeApplication(status?: Application["status"]): Application {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name: "velero", namespace: "argocd" },
    spec: {},
    ...(status === undefined ? {} : { status }),
  };
}

t.test("what an Application is like, in a few words", async (t) => {
  t.equal(describeApplication(makeApplication()), "not looked at yet");
  const well = makeApplication({ sync: { status: "Synced" }, health: { status: "Healthy" } });
  t.ok(isWell(well));
  t.equal(describeApplication(well), "well");
  t.equal(explainTrouble(well), undefined);
  const syncing = makeApplication({
    sync: { status: "OutOfSync" },
    health: { status: "Missing" },
    operationState: { phase: "Running", message: "waiting for healthy state" },
  });
  t.notOk(isWell(syncing));
  t.equal(describeApplication(syncing), "OutOfSync, Missing, syncing");
  t.equal(explainTrouble(syncing), undefined, "it may just take its time");
});

t.test("a sync that has failed and is tried again is no sync that takes its time", async (t) => {
  const says =
    'one or more objects failed to apply, reason: ConfigMap "large" is invalid: metadata.annotations: Too long: may not be more than 262144 bytes. Retrying attempt #3 at 2026-11-29T22:00:00Z.';
  const tried = makeApplication({
    sync: { status: "OutOfSync" },
    health: { status: "Missing" },
    operationState: { phase: "Running", message: says, finishedAt: "2026-11-29T21:59:40Z" },
  });
  t.match(explainTrouble(tried), { code: "ARGOCD_TOO_LARGE", isFinal: true });
});

/** What Argo CD 3.6 says in its conditions and of its syncs, one for each mistake. */
const mistakes = [
  {
    says: "failed to list refs: authentication required: Unauthorized",
    code: "ARGOCD_REPOSITORY_DENIED",
    isFinal: true,
  },
  {
    says: "Failed to load target state: failed to generate manifest for source 1 of 1: rpc error: code = Unknown desc = `kustomize build /tmp/x --enable-alpha-plugins --enable-exec` failed exit status 1: Error getting data key: 0 successful groups required, got 0: no identity matched any of the recipients",
    code: "ARGOCD_SECRET_UNREADABLE",
    isFinal: true,
  },
  {
    says: "Failed to load target state: failed to generate manifest for source 1 of 1: rpc error: code = Unknown desc = `kustomize build <path to cached source>/lab/gitops/shop --enable-alpha-plugins --enable-exec` failed exit status 1: ksops: postgres.sops.yaml: Error getting data key: 0 successful groups required, got 0\nError: couldn't execute function: exit status 1",
    code: "ARGOCD_SECRET_UNREADABLE",
    isFinal: true,
  },
  {
    says: "application destination server 'https://kubernetes.default.svc' and namespace 'kube-system' do not match any of the allowed destinations in project 'apps'",
    code: "ARGOCD_OUTSIDE_PROJECT",
    isFinal: true,
  },
  {
    says: "resource rbac.authorization.k8s.io:ClusterRole is not permitted in project apps",
    code: "ARGOCD_OUTSIDE_PROJECT",
    isFinal: true,
  },
  {
    says: 'CustomResourceDefinition.apiextensions.k8s.io "applicationsets.argoproj.io" is invalid: metadata.annotations: Too long: may not be more than 262144 bytes',
    code: "ARGOCD_TOO_LARGE",
    isFinal: true,
  },
  {
    says: "failed to generate manifest: kubernetes/apps/shopp: app path does not exist",
    code: "ARGOCD_PATH_MISSING",
    isFinal: true,
  },
  {
    says: 'failed to list refs: Get "https://git.example.org/infra.git/info/refs": dial tcp: lookup git.example.org: no such host',
    code: "ARGOCD_REPOSITORY_UNREACHABLE",
    isFinal: false,
  },
  {
    says: "failed to generate manifest for source 1 of 1: kustomize build failed exit status 1: Error: no resource matches strategic merge patch",
    code: "ARGOCD_MANIFESTS_INVALID",
    isFinal: true,
  },
  { says: "something new", code: "ARGOCD_APPLICATION_UNWELL", isFinal: false },
];

for (const { says, code, isFinal } of mistakes) {
  t.test(`${code}: ${says.slice(0, 50)}`, async (t) => {
    const conditions = [{ type: "ComparisonError", message: says }];
    const trouble = explainTrouble(makeApplication({ sync: { status: "Unknown" }, conditions }));
    t.match(trouble, { code, isFinal });
    t.match(trouble?.why, says);
    t.match(trouble?.why, "velero");
    t.type(trouble?.fix, "string");
  });
}

t.test("a sync that failed, and a resource that is Degraded, are told, too", async (t) => {
  const trouble = explainTrouble(
    makeApplication({
      sync: { status: "OutOfSync" },
      health: { status: "Degraded" },
      operationState: { phase: "Failed", message: "one or more objects failed to apply" },
      resources: [
        { kind: "Deployment", name: "velero", health: { status: "Degraded", message: "no image" } },
        { kind: "Service", name: "velero", health: { status: "Healthy" } },
      ],
    }),
  );
  t.match(trouble?.why, /failed to apply\nDeployment velero is Degraded: no image$/);
});
