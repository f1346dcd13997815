import { commonFlags } from "../cli/common-flags.ts";
import { defineCommand } from "../cli/define-command.ts";
import { exitCodes } from "../errors.ts";
import type { ModuleStore } from "../schema/read-sources.ts";

/** Makes the schemas under config/schemas from the modules in its sources.yaml. */
export const updateSchemas = defineCommand({
  script: "scripts/dev/update-schemas.ts",
  summary: "Write the schemas of Kubernetes and of CRDs anew from their Go modules",
  examples: [
    {
      line: "zx scripts/dev/update-schemas.ts",
      does: "after a version in config/schemas/sources.yaml has changed; needs go and unzip",
    },
    { line: "zx scripts/dev/update-schemas.ts --check", does: "names the files that would change" },
  ],
  flags: {
    check: { type: "boolean", help: "write nothing; exit 1 when a file would change" },
    json: commonFlags.json,
    verbose: commonFlags.verbose,
  },
  async run({ flags }, terminal) {
    const { loadVersions } = await import("../config/versions.ts");
    const { buildSchemas } = await import("../schema/build-schemas.ts");
    const { findChanged, writeChanged } = await import("../schema/schema-files.ts");
    const { readSources } = await import("../schema/read-sources.ts");
    const { getMinor, loadSources } = await import("../schema/sources.ts");
    const { schemasFolder } = await import("../config/paths.ts");
    const { k3s } = await loadVersions();
    const sources = await loadSources();
    const minor = getMinor(sources, k3s.version);
    const documents = await withStore(async (store) =>
      readSources(sources, store, (name, { module, version }) => {
        terminal.interrupted.throwIfAborted();
        terminal.err(`reading ${name} from ${module} ${version}\n`);
      }),
    );
    const files = buildSchemas(documents, minor);
    const changed = await findChanged(schemasFolder, files);
    if (!flags.check) await writeChanged(schemasFolder, files, changed);
    return {
      exitCode: flags.check && changed.length > 0 ? exitCodes.findings : exitCodes.done,
      text: changed.map((file) => `config/schemas/${file}\n`).join(""),
      json: changed,
    };
  },
});

/** Go's modules; what is unpacked lies in a folder of its own until `use` is done. */
async function withStore<Result>(use: (store: ModuleStore) => Promise<Result>): Promise<Result> {
  const { mkdtemp, rm } = await import("node:fs/promises");
  const { tmpdir } = await import("node:os");
  const path = await import("node:path");
  const { downloadModule } = await import("../exec/go-module.ts");
  const { readZip } = await import("../exec/unzip.ts");
  const folder = await mkdtemp(path.join(tmpdir(), "infra-k3s-schemas-"));
  try {
    return await use({
      download: async (module, version) => downloadModule(module, version, folder),
      readFiles: async (zip, patterns) => readZip(zip, patterns, folder),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
