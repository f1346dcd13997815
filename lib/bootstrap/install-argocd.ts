import type { KubeObject } from "../objects.ts";
import type { Step } from "../steps/step.ts";
import type { Gitops } from "./world.ts";

/**
 * What is applied before what: the kinds and namespaces that others need, the secrets that Argo CD
 * reads when it starts, and last what sets it to work.
 */
const stages: readonly ((object: KubeObject) => boolean)[] = [
  ({ kind }) => kind === "Namespace" || kind === "CustomResourceDefinition",
  ({ kind }) => kind !== "Application",
  () => true,
];

/** Applies Argo CD and the roots of what it keeps, as the site's bootstrap folder has them. */
export function installArgoCd(gitops: Gitops, after: string[]): Step {
  return {
    id: "install-argocd",
    title: "Start Argo CD, which makes the rest as Git has it",
    after,
    timeoutSeconds: 300,
    waitsFor: "the API server to take Argo CD's objects",
    async observe() {
      return { state: "open" };
    },
    async act(run) {
      const [objects, secrets] = await Promise.all([gitops.render(), gitops.readSecrets()]);
      const [first = [], ...later] = sortIntoStages(objects);
      run.report({ note: "kinds and namespaces" });
      await gitops.apply(first);
      run.report({ note: "secrets" });
      // By no field manager of Argo CD: they are not in what it applies.
      await gitops.applySecrets(secrets);
      for (const stage of later) {
        run.report({ note: "Argo CD" });
        await gitops.apply(stage);
      }
      return { objects: objects.length, secrets: secrets.length };
    },
    async verify() {
      // The server has taken every object, or the act would have failed; the next step sees it work.
      return {};
    },
  };
}

/** The objects in the order of the stages, each in the first that it belongs to. */
export function sortIntoStages(objects: readonly KubeObject[]): KubeObject[][] {
  const indexes = objects.map((object) => stages.findIndex((belongs) => belongs(object)));
  return stages.map((_, stage) => objects.filter((_object, index) => indexes[index] === stage));
}
