import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { parseYamlDocuments } from "../../lib/config/parse-yaml.ts";
import { repositoryRoot } from "../../lib/config/paths.ts";
import { baselineChecks } from "../../lib/lint/pod-security/baseline.ts";
import { toCheckedPod } from "../../lib/lint/pod-security/pod.ts";
import { restrictedChecks } from "../../lib/lint/pod-security/restricted.ts";
import { isRestricted } from "../../lib/lint/suspect-pods.ts";
import { listManifests } from "../../lib/manifests/manifest.ts";
import { findPodTemplate, type PodTemplate } from "../../lib/manifests/pods.ts";
import { createRandom, mutate } from "../support/mutate.ts";

const seed = 20261129;
const judgedTexts = 3000;

/** A pod that uses all that is plain. */
const plain = `apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: shop
spec:
  automountServiceAccountToken: false
  securityContext:
    runAsNonRoot: true
    runAsUser: 1000
    fsGroup: 1000
    seccompProfile:
      type: RuntimeDefault
  containers:
    - name: web
      image: registry.example.com/web:1.2.3
      ports:
        - name: http
          containerPort: 8080
      livenessProbe:
        tcpSocket:
          port: http
      readinessProbe:
        httpGet:
          path: /
          port: http
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
`;

const texts = [
  plain,
  ...["valid", "invalid"].flatMap((sort) => {
    const folder = path.join(repositoryRoot, "test/fixtures", sort, "pod-security");
    return readdirSync(folder).map((name) => readFileSync(path.join(folder, name), "utf8"));
  }),
];

t.test("a pod with nothing but what is plain is not looked at closely", async (t) => {
  const [pod] = await readPods(plain);
  t.ok(pod !== undefined && isRestricted(pod));
});

t.test("what is taken for restricted has nothing that the close look finds", async (t) => {
  const random = createRandom(seed);
  const missed: string[] = [];
  let taken = 0;
  for (let number = 0; number < judgedTexts; number += 1) {
    // Every other one is close to what is plain.
    const text = mutate(texts[number % 2 === 0 ? 0 : random(texts.length)] ?? "", random);
    for (const pod of await readPods(text)) {
      if (!isRestricted(pod)) continue;
      taken += 1;
      const checked = toCheckedPod(pod);
      const found = [...baselineChecks, ...restrictedChecks].flatMap((check) => check(checked));
      if (found.length > 0) missed.push(`${found[0]?.problem}\n${text}`);
    }
  }
  t.strictSame(missed.slice(0, 3), []);
  t.ok(taken > judgedTexts / 50, `${taken} of ${judgedTexts} texts have one`);
});

async function readPods(text: string): Promise<PodTemplate[]> {
  try {
    const documents = await parseYamlDocuments(text, "app.yaml");
    return listManifests(
      "app.yaml",
      documents.map(({ value }) => value),
    ).flatMap((one) => findPodTemplate(one) ?? []);
  } catch {
    return [];
  }
}
