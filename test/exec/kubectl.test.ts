import { readFileSync } from "node:fs";
import path from "node:path";
import t, { type Test } from "tap";
import { applyObjects, getKubectl } from "../../lib/exec/kubectl.ts";
import { installProgram } from "../support/install-program.ts";

const kind = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "applications.argoproj.io" },
};
const secret = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "sops-age", namespace: "argocd" },
  data: { "keys.txt": "aGlkZGVu" },
};

/** Applies with a stand-in for kubectl, which notes what it is given and then does as told. */
async function apply(t: Test, objects: readonly (typeof kind | typeof secret)[], then = "") {
  const folder = t.testdir({});
  const given = path.join(folder, "given");
  installProgram(
    t,
    "kubectl",
    `echo "$@" >>${given}; [ "$2" != apply ] || cat >>${given}; ${then}`,
  );
  const { env } = process;
  const failure = await applyObjects(objects, {
    kubectl: await getKubectl(env),
    kubeconfigFile: "/site/kubeconfig",
    fieldManager: "argocd-controller",
    env,
  }).then(
    () => undefined,
    (error: unknown) => error,
  );
  return { failure, given: readFileSync(given, { encoding: "utf8", flag: "a+" }) };
}

t.test("objects go by stdin, and kinds are waited for", async (t) => {
  const { failure, given } = await apply(t, [kind, secret]);
  t.equal(failure, undefined);
  const [argv = "", rest = ""] = given.split("\n");
  t.equal(
    argv,
    "--kubeconfig=/site/kubeconfig apply --server-side --force-conflicts --field-manager=argocd-controller --filename=-",
  );
  t.match(JSON.parse(rest.slice(0, rest.lastIndexOf("}") + 1)), {
    kind: "List",
    items: [kind, secret],
  });
  t.match(
    given,
    /wait --for=condition=Established --timeout=60s crd\/applications\.argoproj\.io\n$/,
  );
});

t.test("without kinds nothing is waited for, and nothing is applied of nothing", async (t) => {
  t.notMatch((await apply(t, [secret])).given, "wait");
  t.equal((await apply(t, [])).given, "");
});

t.test("what the server refuses is told in its words", async (t) => {
  const says = 'The Secret "sops-age" is invalid: data: Too long';
  const { failure } = await apply(t, [secret], `echo '${says}' >&2; exit 1`);
  t.match(failure, { code: "KUBECTL_REFUSED", why: says });
});

t.test("a server that does not answer is something else", async (t) => {
  const { failure } = await apply(t, [secret], "echo 'dial tcp: connection refused' >&2; exit 1");
  t.match(failure, { code: "KUBECTL_FAILED", why: /refused/ });
});

t.test("a kind that has no conditions yet is waited for again", async (t) => {
  const again = `[ "$2" != wait ] || [ $(grep -c wait $0.waits 2>/dev/null) = 2 ] || {
    echo wait >>$0.waits
    echo 'error: .status.conditions accessor error: <nil> is of the type <nil>' >&2
    exit 1
  }`;
  const { failure, given } = await apply(t, [kind], again);
  t.equal(failure, undefined);
  t.equal(given.split("wait --for").length, 4);
});

t.test("a kind that the server does not serve is a failure", async (t) => {
  const says = "error: timed out waiting for the condition";
  const { failure } = await apply(t, [kind], `[ "$2" != wait ] || { echo '${says}' >&2; exit 1; }`);
  t.match(failure, { code: "KUBECTL_FAILED", why: says });
});
