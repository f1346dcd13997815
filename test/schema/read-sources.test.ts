import t from "tap";
import { hasCode, InfraError } from "../../lib/errors.ts";
import { type ModuleStore, readSources } from "../../lib/schema/read-sources.ts";
import type { SchemaSource, SchemaSources } from "../../lib/schema/sources.ts";

const sum = `h1:${"A".repeat(43)}=`;

const source: SchemaSource = {
  module: "example.com/project",
  version: "v1.2.3",
  sum,
  licence: "MIT",
  files: ["crds/*.yaml"],
};

/** A store with one module, whose files are `texts`; `asked` are the patterns that were wanted. */
function createStore(texts: string[], found = sum): ModuleStore & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    download: async (module, version) => ({ zip: `${module}@${version}.zip`, sum: found }),
    readFiles: async (zip, patterns) => {
      asked.push(zip, ...patterns);
      return texts;
    },
  };
}

t.test("documents are read from the module's folder, and only CRDs are kept", async (t) => {
  const store = createStore([
    "kind: CustomResourceDefinition\nspec: 1\n---\nkind: Role\n---\n",
    "kind: CustomResourceDefinition\nspec: 2\n",
  ]);
  const read: string[] = [];
  const documents = await readSources(
    { kubernetes: {}, crds: { project: source } },
    store,
    (name) => read.push(name),
  );
  t.strictSame(documents.crds["project"], [
    { kind: "CustomResourceDefinition", spec: 1 },
    { kind: "CustomResourceDefinition", spec: 2 },
  ]);
  t.strictSame(store.asked, [
    "example.com/project@v1.2.3.zip",
    "example.com/project@v1.2.3/crds/*.yaml",
  ]);
  t.strictSame(read, ["project"]);
});

t.test("an OpenAPI document is read for each minor", async (t) => {
  const store = createStore(['{"definitions":{},"paths":{}}']);
  const documents = await readSources({ kubernetes: { "1.36": source }, crds: {} }, store);
  t.strictSame(documents.kubernetes, { "1.36": { definitions: {}, paths: {} } });
});

t.test(
  "a module with another sum is refused before it is opened, and both are named",
  async (t) => {
    const other = `h1:${"B".repeat(43)}=`;
    const both: SchemaSources[] = [
      { kubernetes: { "1.36": source }, crds: {} },
      { kubernetes: {}, crds: { project: source } },
    ];
    for (const sources of both) {
      const store = createStore([], other);
      const error = await readSources(sources, store).catch((thrown: unknown) => thrown);
      t.ok(hasCode(error, "SCHEMAS_SUM_WRONG"));
      const { message, why = "", fix = "" } = error as InfraError;
      t.match(message, "example.com/project@v1.2.3");
      t.match(why, sum);
      t.match(why, other);
      t.match(fix, other);
      t.strictSame(store.asked, []);
    }
  },
);
