import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import formats from "ajv-formats";
import t from "tap";
import { mapSubschemas, type Schema } from "../../lib/schema/json-schema.ts";
import { findChanged, listSchemaFiles, writeChanged } from "../../lib/schema/schema-files.ts";
import { nameSchemaFile, type SchemaIndex } from "../../lib/schema/schema-index.ts";
import { schemasFolder } from "../../lib/config/paths.ts";
import { loadSources } from "../../lib/schema/sources.ts";

const base = "schemas:///";
const names = await listSchemaFiles(schemasFolder);
const texts = new Map(
  names.map((name) => [name, readFileSync(path.join(schemasFolder, name), "utf8")]),
);
const schemas = new Map(
  [...texts]
    .filter(([name]) => name !== "index.json")
    .map(([name, text]) => [name, JSON.parse(text) as Schema]),
);
const index = JSON.parse(texts.get("index.json") ?? "{}") as SchemaIndex;

/** Knows all files by their path below `schemas:///`, so that the references between them work. */
const ajv = new Ajv({
  strict: false,
  allErrors: true,
  validateSchema: false,
  meta: false,
  code: { optimize: false },
});
formats.default(ajv, ["byte", "date-time", "ipv4", "ipv6"]);
for (const [name, schema] of schemas) ajv.addSchema(schema, base + name);

function getValidate(name: string): ValidateFunction {
  const validate = ajv.getSchema(base + name);
  if (validate === undefined) throw new Error(`there is no ${name}`);
  return validate;
}

function explain(name: string, value: object): string[] {
  const validate = getValidate(name);
  validate(value);
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}

/** The files of all kinds with what the index says of them. */
function listEntries(): { file: string; apiVersion: string; kind: string }[] {
  const kubernetes = Object.entries(index.kubernetes).flatMap(([apiVersion, kinds]) =>
    Object.entries(kinds).flatMap(([kind, entry]) =>
      entry.minors.map((minor) => ({
        file: `kubernetes/v${minor}/${entry.file}`,
        apiVersion,
        kind,
      })),
    ),
  );
  const crds = Object.entries(index.crds).flatMap(([apiVersion, kinds]) =>
    Object.entries(kinds).map(([kind, { file }]) => ({ file: `crds/${file}`, apiVersion, kind })),
  );
  return [...kubernetes, ...crds];
}

t.test("index and files agree", async (t) => {
  const { kubernetes, crds } = await loadSources();
  t.strictSame(index.minors, Object.keys(kubernetes));
  const definitions = index.minors.map((minor) => `kubernetes/v${minor}/_definitions.json`);
  t.strictSame(
    [...definitions, "index.json", ...listEntries().map(({ file }) => file)].toSorted(),
    names,
  );
  const sources = Object.values(index.crds).flatMap((kinds) =>
    Object.values(kinds).map(({ source }) => source),
  );
  t.strictSame([...new Set(sources)].toSorted(), Object.keys(crds).toSorted(), "none is empty");
  for (const { file, apiVersion, kind } of listEntries()) {
    const [version = "", group = ""] = apiVersion.split("/").toReversed();
    const named = nameSchemaFile({ group, version, kind });
    if (!file.endsWith(`/${named}`)) t.fail(`${file} is not where ${named} is looked for`);
  }
});

t.test("no file holds prose or a keyword that is not there for judging", async (t) => {
  const allowed = [
    "$schema $ref $defs allOf anyOf oneOf not const enum type format pattern",
    "properties required additionalProperties items multipleOf",
    "minimum maximum exclusiveMinimum exclusiveMaximum",
    "minLength maxLength minItems maxItems minProperties maxProperties",
  ].flatMap((line) => line.split(" "));
  const found = new Set<string>();
  const visit = (schema: Schema): Schema => {
    for (const keyword of Object.keys(schema)) found.add(keyword);
    return mapSubschemas(schema, visit);
  };
  for (const schema of schemas.values()) {
    visit(schema);
    for (const one of Object.values((schema["$defs"] ?? {}) as Record<string, Schema>)) visit(one);
  }
  t.strictSame(
    [...found].filter((keyword) => !allowed.includes(keyword)),
    [],
  );
});

/** The texts of a minor's definition and of all that it needs, which the schema is made of. */
function describeNeeds(minor: string, file: string): string {
  const definitions = schemas.get(`kubernetes/v${minor}/_definitions.json`)?.["$defs"] as Record<
    string,
    Schema
  >;
  const needed = new Map<string, string>();
  const visit = (schema: Schema): Schema => {
    const name = schema.$ref?.replace(/^.*#\/\$defs\//, "");
    if (name !== undefined && !needed.has(name)) {
      needed.set(name, JSON.stringify(definitions[name]));
      visit(definitions[name] ?? {});
    }
    return mapSubschemas(schema, visit);
  };
  visit(schemas.get(file) ?? {});
  return [...needed.values()].join("\n");
}

t.test("every schema compiles, and takes an object of its kind and no other", async (t) => {
  const seen = new Set<string>();
  const wrong: string[] = [];
  for (const { file, apiVersion, kind } of listEntries()) {
    const minor = /v(\d+\.\d+)/.exec(file)?.[1];
    const needs = minor === undefined ? file : describeNeeds(minor, file);
    // Most kinds are the same in all minors, and to compile them is what takes the time.
    if (seen.has(needs)) continue;
    seen.add(needs);
    const errors = explain(file, { apiVersion, kind, metadata: { name: "a" }, unheardOf: 1 });
    const others = explain(file, { apiVersion: "example.com/v1", kind: "Other" });
    const isRight =
      !errors.some((error) => /^\/(apiVersion|kind|metadata)/.test(error)) &&
      errors.includes(" must NOT have additional properties") &&
      others.includes("/apiVersion must be equal to constant") &&
      others.includes("/kind must be equal to constant");
    if (!isRight) wrong.push(`${file}: ${[...errors, ...others].join(", ")}`);
  }
  t.strictSame(wrong, []);
  t.ok(seen.size > 150, `${seen.size} different schemas`);
});

t.test("mistakes that people make are found at their place", async (t) => {
  const container = { name: "a", resources: { limits: { cpu: 0.5, memory: "1Gi" } } };
  const deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "a", labels: { a: "b" } },
    spec: { selector: {}, template: { spec: { containers: [container] } } },
  };
  const file = `kubernetes/v${index.minors.at(-1)}/apps/deployment_v1.json`;
  t.strictSame(explain(file, deployment), []);
  t.strictSame(explain(file, { ...deployment, specc: {} }), [
    " must NOT have additional properties",
  ]);
  const labels = { name: "a", labels: { a: 1 } };
  t.strictSame(explain(file, { ...deployment, metadata: labels }), [
    "/metadata/labels/a must be string",
  ]);
  const source = { repoUrl: "https://example.com" };
  t.strictSame(
    explain("crds/argoproj.io/application_v1alpha1.json", {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "Application",
      metadata: { name: "a" },
      spec: { project: "default", destination: {}, source },
    }),
    [
      "/spec/source must have required property 'repoURL'",
      "/spec/source must NOT have additional properties",
    ],
  );
  t.strictSame(
    explain("crds/velero.io/schedule_v1.json", {
      apiVersion: "velero.io/v1",
      kind: "Schedule",
      spec: { schedule: "@daily", template: { includedNamespace: ["a"] } },
    }),
    ["/spec/template must NOT have additional properties"],
  );
  t.strictSame(
    explain("crds/gateway.networking.k8s.io/gateway_v1.json", {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "Gateway",
      spec: {
        gatewayClassName: "traefik",
        addresses: [{ value: "192.0.2.1" }],
        listeners: [{ name: "web", port: 80, protocol: "HTTP" }],
      },
    }),
    [],
    "a type that has a default may be left out",
  );
});

t.test("kinds know whether they live in a namespace", async (t) => {
  t.equal(index.kubernetes["v1"]?.["Namespace"]?.namespaced, false);
  t.equal(index.kubernetes["v1"]?.["Pod"]?.namespaced, true);
  t.equal(index.kubernetes["rbac.authorization.k8s.io/v1"]?.["ClusterRole"]?.namespaced, false);
  t.equal(index.crds["cert-manager.io/v1"]?.["ClusterIssuer"]?.namespaced, false);
  t.equal(index.crds["cert-manager.io/v1"]?.["Issuer"]?.namespaced, true);
});

t.test(
  "types without fields are known ones: a map of anything would have to be open",
  async (t) => {
    const empty = new Set<string>();
    for (const minor of index.minors) {
      const { $defs = {} } = schemas.get(`kubernetes/v${minor}/_definitions.json`) ?? {};
      for (const [name, schema] of Object.entries($defs as Record<string, Schema>)) {
        const isClosed = schema.type === "object" && schema.additionalProperties === false;
        if (isClosed && schema.properties === undefined) empty.add(name.replace(/^.*\./, ""));
      }
    }
    t.strictSame([...empty].toSorted(), [
      "AllCompositeDisruptionMode",
      "AllDisruptionMode",
      "BasicSchedulingPolicy",
      "CompositeBasicSchedulingPolicy",
      "CustomResourceSubresourceStatus",
      "SingleCompositeDisruptionMode",
      "SingleDisruptionMode",
      "StorageVersionSpec",
      "WorkloadPodGroupAllDisruptionMode",
      "WorkloadPodGroupBasicSchedulingPolicy",
      "WorkloadPodGroupSingleDisruptionMode",
    ]);
  },
);

t.test("only what has changed is written, and what is no more is removed", async (t) => {
  const folder = t.testdir({
    "sources.yaml": "stays",
    crds: { a: { "old_v1.json": "old", "same_v1.json": "same" } },
  });
  const files = { "index.json": "new", "crds/a/same_v1.json": "same", "crds/b/new_v1.json": "new" };
  const changed = await findChanged(folder, files);
  t.strictSame(changed, ["crds/a/old_v1.json", "crds/b/new_v1.json", "index.json"]);
  await writeChanged(folder, files, changed);
  t.strictSame(await findChanged(folder, files), []);
  t.notOk(existsSync(path.join(folder, "crds/a/old_v1.json")));
  t.equal(await readFile(path.join(folder, "sources.yaml"), "utf8"), "stays");
});
