import t from "tap";
import { buildSchemas, type SourceDocuments } from "../../lib/schema/build-schemas.ts";

const meta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const pod = { group: "", version: "v1", kind: "Pod" };

const document = {
  definitions: {
    Pod: {
      type: "object",
      properties: { metadata: { $ref: `#/definitions/${meta}` } },
      "x-kubernetes-group-version-kind": [pod],
    },
    [meta]: { type: "object", properties: { name: { type: "string" } } },
  },
  paths: {
    "/api/v1/namespaces/{namespace}/pods": { post: { "x-kubernetes-group-version-kind": pod } },
  },
};

const crd = {
  kind: "CustomResourceDefinition",
  spec: {
    group: "example.com",
    names: { kind: "Thing" },
    scope: "Cluster",
    versions: [{ name: "v1", served: true, schema: { openAPIV3Schema: { type: "object" } } }],
  },
} as const;

const documents = {
  kubernetes: { "1.35": { definitions: {}, paths: {} }, "1.36": document },
  crds: { project: [crd] },
} as unknown as SourceDocuments;

t.test("files and index of two minors and a CRD", async (t) => {
  const files = buildSchemas(documents, "1.36");
  t.strictSame(Object.keys(files), [
    "kubernetes/v1.35/_definitions.json",
    "kubernetes/v1.36/_definitions.json",
    "kubernetes/v1.36/v1/pod_v1.json",
    "crds/example.com/thing_v1.json",
    "index.json",
  ]);
  t.strictSame(JSON.parse(files["index.json"] ?? ""), {
    minors: ["1.35", "1.36"],
    kubernetes: {
      v1: { Pod: { cel: 0, file: "v1/pod_v1.json", minors: ["1.36"], namespaced: true } },
    },
    crds: {
      "example.com/v1": {
        Thing: { cel: 0, file: "example.com/thing_v1.json", namespaced: false, source: "project" },
      },
    },
  });
  t.match(JSON.parse(files["kubernetes/v1.36/v1/pod_v1.json"] ?? ""), {
    allOf: [{ $ref: "../_definitions.json#/$defs/Pod" }],
    required: ["apiVersion", "kind"],
  });
  t.match(
    JSON.parse(files["crds/example.com/thing_v1.json"] ?? ""),
    { properties: { metadata: { properties: { name: { type: "string" } } } } },
    "the metadata is that of the pinned minor",
  );
});

t.test("a kind that two sources have is a defect", async (t) => {
  const twice = { ...documents, crds: { one: [crd], other: [crd] } } as unknown as SourceDocuments;
  t.throws(() => buildSchemas(twice, "1.36"), /two sources have example\.com\/thing_v1\.json/);
});
