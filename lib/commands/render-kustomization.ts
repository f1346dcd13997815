import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { buildKustomization, findKustomize } from "../exec/kustomize.ts";
import type { Render } from "../lint/judge-rendered.ts";
import type { RenderRoot } from "../lint/plan-render.ts";
import { withoutForeign } from "../manifests/kustomization.ts";

/** How kustomize refuses a transformer or a validator that is a program: none is run to judge a folder. */
const refusal = "external plugins disabled";

/** Renders the kustomizations of a folder; without kustomize and kubectl none can be. */
export async function openRender(folder: string, env: NodeJS.ProcessEnv): Promise<Render> {
  const kustomize = await findKustomize(env);
  if (kustomize === undefined) return async () => undefined;
  return async (root, sources) => {
    const isWhole = root.parts.every(({ foreign }) => foreign.length === 0);
    if (isWhole) {
      const at = path.join(folder, root.kustomization.folder);
      const { code, stdout, stderr } = await buildKustomization(kustomize, at, env);
      if (code === 0) return { text: stdout };
      if (stderr.includes(refusal)) return undefined;
      return { failure: stderr.replaceAll(`${folder}/`, "") };
    }
    const copy = mkdtempSync(path.join(tmpdir(), "infra-k3s-render-"));
    try {
      await writeCopy(copy, root, new Map(sources.map(({ file, text }) => [file, text])));
      const at = path.join(copy, root.kustomization.folder);
      const { code, stdout } = await buildKustomization(kustomize, at, env);
      // What is left out may be what a patch is for.
      return code === 0 ? { text: stdout } : undefined;
    } finally {
      rmSync(copy, { recursive: true });
    }
  };
}

/** The files that a kustomization needs, without what would have to be fetched or run. */
async function writeCopy(
  folder: string,
  root: RenderRoot,
  texts: ReadonlyMap<string, string>,
): Promise<void> {
  const { stringify } = await import("yaml");
  const folders = root.parts.map((part) => (part.folder === "" ? "" : `${part.folder}/`));
  for (const [file, text] of texts) {
    if (root.files.includes(file) || folders.some((one) => file.startsWith(one))) {
      write(path.join(folder, file), text);
    }
  }
  for (const part of root.parts) {
    write(path.join(folder, part.manifest.file), stringify(withoutForeign(part)));
  }
}

function write(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}
