import t from "tap";
import {
  convertDefinition,
  convertOpenApi,
  type OpenApi,
} from "../../lib/schema/convert-openapi.ts";
import { pickKeywords } from "../../lib/schema/pick-keywords.ts";

const apps = { group: "apps", version: "v1", kind: "Deployment" };

t.test("an object is closed, and prose and formats of numbers are left out", async (t) => {
  t.strictSame(
    convertDefinition("x", {
      description: "says a lot",
      type: "object",
      required: ["replicas"],
      properties: { replicas: { type: "integer", format: "int32", default: 1 } },
      "x-kubernetes-list-type": "atomic",
    }),
    {
      type: "object",
      required: ["replicas"],
      properties: { replicas: { type: "integer" } },
      additionalProperties: false,
    },
  );
});

t.test("properties are names, whatever they are called", async (t) => {
  const properties = {
    $ref: { type: "string" },
    description: { type: "string", description: "prose" },
    format: { type: "string" },
    default: { $ref: "#/definitions/JSON", description: "prose" },
    not: { $ref: "#/definitions/JSON" },
    items: { type: "array", items: { type: "string", title: "prose" } },
  };
  t.strictSame(convertDefinition("x", { type: "object", properties }).properties, {
    $ref: { type: "string" },
    description: { type: "string" },
    format: { type: "string" },
    default: { $ref: "#/$defs/JSON" },
    not: { $ref: "#/$defs/JSON" },
    items: { type: "array", items: { type: "string" } },
  });
});

t.test("a map stays a map, and its values are judged", async (t) => {
  t.strictSame(
    convertDefinition("x", {
      type: "object",
      additionalProperties: { type: "string", format: "byte" },
    }),
    { type: "object", additionalProperties: { type: "string", format: "byte" } },
  );
});

t.test("types that are more than the document says", async (t) => {
  const string = { type: "string" };
  t.strictSame(convertDefinition("io.k8s.apimachinery.pkg.api.resource.Quantity", string), {
    type: ["string", "number"],
  });
  t.strictSame(convertDefinition("x", { type: "string", format: "int-or-string" }), {
    type: ["integer", "string"],
  });
  const object = { type: "object" };
  t.strictSame(convertDefinition("io.k8s.apimachinery.pkg.runtime.RawExtension", object), object);
  t.strictSame(convertDefinition("an.empty.struct", object), {
    type: "object",
    additionalProperties: false,
  });
});

t.test("a definition of one kind has its apiVersion and kind", async (t) => {
  const properties = { apiVersion: { type: "string" }, kind: { type: "string" } };
  const kinds = { "x-kubernetes-group-version-kind": [apps] };
  t.strictSame(convertDefinition("x", { type: "object", properties, ...kinds }).properties, {
    apiVersion: { const: "apps/v1" },
    kind: { const: "Deployment" },
  });
  const two = [apps, { ...apps, version: "v2" }];
  t.strictSame(
    convertDefinition("x", {
      type: "object",
      properties,
      "x-kubernetes-group-version-kind": two,
    }).properties,
    properties,
    "and one of several, such as DeleteOptions, has not",
  );
});

t.test("kinds are those with a path of their own, and only what they need is kept", async (t) => {
  const at = (kind: object) => ({
    "x-kubernetes-group-version-kind": kind as typeof apps,
  });
  const namespace = { group: "", version: "v1", kind: "Namespace" };
  const eviction = { group: "policy", version: "v1", kind: "Eviction" };
  const define = (kind: object, properties = {}) => ({
    type: "object",
    properties,
    "x-kubernetes-group-version-kind": [kind],
    "x-kubernetes-validations": [{ rule: "true" }],
  });
  const document: OpenApi = {
    definitions: {
      Deployment: define(apps, { spec: { $ref: "#/definitions/Spec" } }),
      Spec: { type: "object", properties: { again: { $ref: "#/definitions/Spec" } } },
      Namespace: define(namespace),
      Eviction: define(eviction),
      Unused: { type: "object" },
    },
    paths: {
      "/apis/apps/v1/namespaces/{namespace}/deployments": { get: at(apps), post: at(apps) },
      "/apis/apps/v1/deployments": { get: at(apps) },
      "/apis/apps/v1/namespaces/{namespace}/deployments/{name}": { get: at(apps) },
      "/api/v1/namespaces": { post: at(namespace) },
      "/api/v1/namespaces/{namespace}/pods/{name}/eviction": { post: at(eviction) },
      "/version/": { get: {} },
    },
  };
  const { kinds, definitions } = convertOpenApi(document);
  t.strictSame(kinds, [
    { ...apps, namespaced: true, definition: "Deployment", cel: 1 },
    { ...namespace, namespaced: false, definition: "Namespace", cel: 1 },
  ]);
  t.strictSame(Object.keys(definitions), ["Deployment", "Spec", "Namespace"]);
});

t.test("a keyword that no rule is for is a defect", async (t) => {
  t.throws(() => pickKeywords({ type: "object", patternProperties: {} }), /patternProperties/);
});
