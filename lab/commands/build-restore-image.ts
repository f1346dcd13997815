import { commonFlags } from "../../lib/cli/common-flags.ts";
import { defineCommand } from "../../lib/cli/define-command.ts";
import { exitCodes, InfraError } from "../../lib/errors.ts";

export const buildRestoreImage = defineCommand({
  script: "scripts/dev/build-restore-image.ts",
  summary: "Build the image of the restore pod for this architecture, with Go, on Debian or Ubuntu",
  examples: [
    {
      line: "zx scripts/dev/build-restore-image.ts --output restore-image.tar",
      does: "the archive that the Ansible role node-agent brings to every node",
    },
  ],
  flags: {
    output: { type: "string", value: "FILE", required: true, help: "Where to write the archive" },
    json: commonFlags.json,
    verbose: commonFlags.verbose,
  },
  async run({ flags }, terminal) {
    const [
      { stat },
      { default: path },
      { loadVersions, renderRestoreImage },
      { buildComponents },
      { renderBuildEvent },
      { ensureDebianFiles },
      { hashFile },
      { planRestoreImage },
      { writeArchive },
    ] = await Promise.all([
      import("node:fs/promises"),
      import("node:path"),
      import("../../lib/config/versions.ts"),
      import("../build-components.ts"),
      import("../build-progress.ts"),
      import("../debian-files.ts"),
      import("../hash-file.ts"),
      import("../image-recipes.ts"),
      import("../images.ts"),
    ]);
    const file = path.resolve(flags.output);
    const folder = await stat(path.dirname(file)).catch(() => undefined);
    if (!folder?.isDirectory()) {
      throw new InfraError({
        code: "CLI_VALUE_INVALID",
        message: `--output: there is no folder ${path.dirname(file)}`,
        fix: "Make it, or give a file in another folder",
      });
    }
    const components = await buildComponents({
      only: ["velero", "umoci"],
      signal: terminal.interrupted,
      onEvent: (event) => {
        const line = renderBuildEvent(event);
        if (line !== undefined) terminal.err(`${line}\n`);
      },
    });
    const restoreImage = renderRestoreImage(await loadVersions());
    const debian = await ensureDebianFiles();
    const recipe = planRestoreImage({ ...components, debian, restoreImage });
    await writeArchive(components.programs["umoci"] ?? "", [recipe], file);
    const sha256 = await hashFile(file);
    return {
      exitCode: exitCodes.done,
      text: `${file}\nimage   ${restoreImage}\nsha256  ${sha256}\n`,
      json: { file, image: restoreImage, sha256 },
    };
  },
});
