import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { buildKustomization, findKustomize, type Kustomize } from "../exec/kustomize.ts";
import type { Rendered } from "../lint/judge-rendered.ts";
import type { SourceFile } from "../lint/list-files.ts";
import type { RenderRoot } from "../lint/plan-render.ts";
import { withoutForeign } from "../manifests/kustomization.ts";

/** How kustomize refuses a transformer or a validator that is a program: none is run to judge a folder. */
const refusal = "external plugins disabled";

interface Judged {
  folder: string;
  sources: readonly SourceFile[];
  env: NodeJS.ProcessEnv;
}

/**
 * Renders kustomizations of a folder, as many at once as there are cores; without kustomize and
 * kubectl none can be. Throws EXEC_TIMEOUT.
 */
export async function renderAll(roots: readonly RenderRoot[], judged: Judged): Promise<Rendered[]> {
  const { folder, sources, env } = judged;
  const kustomize = await findKustomize(env);
  if (kustomize === undefined) return [];
  const partial = roots.filter((root) => !isWhole(root));
  const copy = partial.length === 0 ? undefined : await makeCopy(partial, sources);
  const rendered: Rendered[] = [];
  const open = roots.entries();
  const work = async (): Promise<void> => {
    for (const [index, root] of open) {
      rendered[index] =
        copy === undefined || isWhole(root)
          ? await renderWhole(kustomize, root, folder, env)
          : await renderPart(kustomize, root, copy, env);
    }
  };
  try {
    await Promise.all(Array.from({ length: availableParallelism() }, work));
    return rendered;
  } finally {
    if (copy !== undefined) rmSync(copy, { recursive: true });
  }
}

function isWhole({ parts }: RenderRoot): boolean {
  return parts.every(({ foreign }) => foreign.length === 0);
}

async function renderWhole(
  kustomize: Kustomize,
  { kustomization }: RenderRoot,
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<Rendered> {
  const at = path.join(folder, kustomization.folder);
  const { code, stdout, stderr } = await buildKustomization(kustomize, at, env);
  if (code === 0) return { text: stdout };
  if (stderr.includes(refusal)) return undefined;
  return { failure: stderr.replaceAll(`${folder}/`, "") };
}

async function renderPart(
  kustomize: Kustomize,
  { kustomization }: RenderRoot,
  copy: string,
  env: NodeJS.ProcessEnv,
): Promise<Rendered> {
  const at = path.join(copy, kustomization.folder);
  const { code, stdout } = await buildKustomization(kustomize, at, env);
  // What is left out may be what a patch is for.
  return code === 0 ? { text: stdout } : undefined;
}

/** A folder with the files that these need, without what would have to be fetched or run. */
async function makeCopy(
  roots: readonly RenderRoot[],
  sources: readonly SourceFile[],
): Promise<string> {
  const { stringify } = await import("yaml");
  const parts = new Map(roots.flatMap((root) => root.parts.map((part) => [part.folder, part])));
  const files = new Set(roots.flatMap((root) => root.files));
  const texts = new Map<string, string>();
  for (const { file, text } of sources) {
    if (files.has(file) || isBelow(file, parts)) texts.set(file, text);
  }
  for (const part of parts.values()) {
    texts.set(part.manifest.file, stringify(withoutForeign(part)));
  }
  const copy = mkdtempSync(path.join(tmpdir(), "infra-k3s-render-"));
  const folders = new Set([...texts.keys()].map((file) => path.dirname(file)));
  for (const folder of folders) mkdirSync(path.join(copy, folder), { recursive: true });
  for (const [file, text] of texts) writeFileSync(path.join(copy, file), text);
  return copy;
}

/** Whether a file lies in one of these folders, or below it. */
function isBelow(file: string, folders: ReadonlyMap<string, unknown>): boolean {
  for (let folder = path.posix.dirname(file); ; folder = path.posix.dirname(folder)) {
    if (folders.has(folder === "." ? "" : folder)) return true;
    if (folder === ".") return false;
  }
}
