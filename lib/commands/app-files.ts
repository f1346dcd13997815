import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import {
  appsKustomization,
  type AppSources,
  type NewApp,
  templateFolder,
} from "../apps/plan-new-app.ts";
import { describeError, InfraError } from "../errors.ts";
import { isIgnored } from "../exec/git.ts";

/** What a cluster gets; that of the lab has its own objects beside all others. */
const clusterFolders = ["kubernetes", "lab/gitops"];

/** Reads what a new app is planned from. Throws APP_LIST_UNREADABLE. */
export async function readAppSources(root: string): Promise<AppSources> {
  const read = async (file: string) => readFile(path.join(root, file), "utf8");
  const template = new Map<string, string>();
  const names = await readdir(path.join(root, templateFolder)).catch(() => []);
  for (const file of names.filter((name) => name.endsWith(".yaml")).toSorted()) {
    template.set(file, await read(`${templateFolder}/${file}`));
  }
  const manifests = new Map<string, string>();
  for (const folder of clusterFolders) {
    const below = await readdir(path.join(root, folder), { recursive: true }).catch(() => []);
    for (const file of below.map((one) => `${folder}/${one}`)) {
      // Templates and examples take no name from anybody.
      if (!/\.ya?ml$/.test(file) || file.includes("/_")) continue;
      manifests.set(file, await read(file));
    }
  }
  return { template, kustomization: await readList(root), manifests };
}

async function readList(root: string): Promise<string> {
  try {
    return await readFile(path.join(root, appsKustomization), "utf8");
  } catch (cause) {
    throw new InfraError({
      code: "APP_LIST_UNREADABLE",
      message: `${appsKustomization} cannot be read`,
      why: describeError(cause),
      fix: `Take it back from Git: git checkout HEAD ${appsKustomization}`,
      cause,
    });
  }
}

/** Throws APP_FOLDER_EXISTS, and APP_FOLDER_IGNORED when what lies there would never be in Git. */
export async function checkFolder(root: string, { folder }: NewApp): Promise<void> {
  if (existsSync(path.join(root, folder))) {
    throw new InfraError({
      code: "APP_FOLDER_EXISTS",
      message: `${folder} is there already`,
      fix: "Choose another name, or remove the folder if it is a leftover",
    });
  }
  const isWorkTree = existsSync(path.join(root, ".git"));
  if (isWorkTree && (await isIgnored(root, `${folder}/application.yaml`))) {
    throw new InfraError({
      code: "APP_FOLDER_IGNORED",
      message: `Git ignores ${folder}`,
      why: "a line of .gitignore is about folders of this name",
      fix: "Choose another name",
    });
  }
}

/** Writes a new app, all of it or nothing: it becomes visible when it is whole, and listed last. */
export async function writeApp(root: string, app: NewApp): Promise<void> {
  const cache = path.join(root, ".cache");
  await mkdir(cache, { recursive: true });
  const staging = await mkdtemp(path.join(cache, "new-app-"));
  try {
    const folder = path.join(staging, "app");
    await mkdir(folder);
    for (const [file, text] of app.files) await writeFile(path.join(folder, file), text);
    const list = path.join(staging, "kustomization.yaml");
    await writeFile(list, app.kustomization);
    const target = path.join(root, app.folder);
    await rename(folder, target);
    try {
      await rename(list, path.join(root, appsKustomization));
    } catch (error) {
      await rm(target, { recursive: true });
      throw error;
    }
  } finally {
    await rm(staging, { recursive: true });
  }
}
