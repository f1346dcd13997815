import type { Document } from "yaml";

const lists = ["resources", "generators"];

/** The text of a kustomization that lists a resource; comments stay. Throws what parseYaml throws. */
export async function addResource(text: string, resource: string, file: string): Promise<string> {
  return await edit(text, file, (document, { isSeq }) => {
    const resources = document.get("resources");
    if (!isSeq(resources)) document.set("resources", document.createNode([resource]));
    else if (!resources.items.some((item) => String(item) === resource)) {
      // An empty list stands in brackets.
      resources.flow = false;
      resources.add(document.createNode(resource));
    }
  });
}

/** The same without the files that are not `there`. Throws what parseYaml throws. */
export async function keepFiles(
  text: string,
  there: (file: string) => boolean,
  file: string,
): Promise<string> {
  return await edit(text, file, (document, { isSeq }) => {
    for (const key of lists) {
      const list = document.get(key);
      if (!isSeq(list)) continue;
      list.items = list.items.filter((item) => there(String(item)));
      if (list.items.length === 0) document.delete(key);
    }
  });
}

async function edit(
  text: string,
  file: string,
  change: (document: Document, yaml: typeof import("yaml")) => void,
): Promise<string> {
  const yaml = await import("yaml");
  const { parseYaml } = await import("../config/parse-yaml.ts");
  await parseYaml(text, file);
  const document: Document = yaml.parseDocument(text);
  change(document, yaml);
  return document.toString({ lineWidth: 0 });
}
