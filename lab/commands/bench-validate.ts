import { commonFlags } from "../../lib/cli/common-flags.ts";
import { defineCommand } from "../../lib/cli/define-command.ts";
import { exitCodes } from "../../lib/errors.ts";

/** Objects in a corpus, and the most that our wall time may be of kubeconform's. */
const sizes = [
  { objects: 100, most: 2.5 },
  { objects: 1000, most: 1.5 },
  { objects: 10_000, most: 1 },
] as const;
const mostWithCache = 0.4;
const mostMiB = 400;

export const benchValidate = defineCommand({
  script: "scripts/dev/bench-validate.ts",
  summary:
    "Compare validate with kubeconform: what both find, how long and how much memory they take",
  examples: [
    { line: "npm run bench:validate", does: "on the same files and schemas, in the same run" },
  ],
  flags: { json: commonFlags.json, verbose: commonFlags.verbose },
  async run(_input, terminal) {
    const { mkdtempSync, rmSync } = await import("node:fs");
    const { tmpdir } = await import("node:os");
    const path = await import("node:path");
    const { repositoryRoot: root, schemasFolder } = await import("../../lib/config/paths.ts");
    const { loadVersions } = await import("../../lib/config/versions.ts");
    const { buildSettings } = await import("../../lib/lint/settings.ts");
    const { buildComponents } = await import("../build-components.ts");
    const { renderBuildEvent } = await import("../build-progress.ts");
    const { writeCorpus } = await import("../bench/corpus.ts");
    const { askJudge, askKubeconform, measureExactness } = await import("../bench/exactness.ts");
    const { createFixtureJudge } = await import("../../test/support/lint-fixtures.ts");
    const { rules } = await import("../../lib/lint/rules.ts");
    const { measureInTurn } = await import("../bench/measure.ts");
    const { writePeerSchemas } = await import("../bench/peer-schemas.ts");
    const { renderBench } = await import("../bench/render.ts");

    const { programs } = await buildComponents({
      only: ["kubeconform"],
      signal: terminal.interrupted,
      onEvent: (event) => {
        const line = renderBuildEvent(event);
        if (line !== undefined) terminal.err(`${line}\n`);
      },
    });
    const folder = mkdtempSync(path.join(tmpdir(), "infra-k3s-bench-"));
    try {
      const { minor } = buildSettings(await loadVersions());
      writePeerSchemas(path.join(folder, "schemas"), minor);
      const layout = "{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json";
      const locations = [path.join(folder, "schemas"), path.join(schemasFolder, "crds")];
      const peer = [
        programs["kubeconform"] ?? "",
        "-strict",
        "-n=2",
        ...locations.flatMap((one) => ["-schema-location", path.join(one, layout)]),
      ];
      const zx = path.join(root, "node_modules/.bin/zx");
      const own = [zx, path.join(root, "scripts/ci/validate.ts")];
      const env = { ...process.env, NODE_COMPILE_CACHE: path.join(root, ".cache/node") };
      const rows = [];
      for (const { objects, most } of sizes) {
        terminal.interrupted.throwIfAborted();
        terminal.err(`measuring ${objects} objects\n`);
        const corpus = path.join(folder, String(objects));
        writeCorpus(corpus, objects);
        const [ours, theirs] = await measureInTurn([...own, corpus], [...peer, corpus], env);
        rows.push({ objects, withCache: false, ours, theirs, most });
        if (objects !== 10_000) continue;
        const cached = [...own, "--cache", corpus];
        const [warm, again] = await measureInTurn(cached, [...peer, corpus], env);
        rows.push({ objects, withCache: true, ours: warm, theirs: again, most: mostWithCache });
      }
      terminal.err("judging the fixtures\n");
      const exactness = {
        ours: await measureExactness(rules, askJudge(await createFixtureJudge())),
        theirs: await measureExactness(rules, askKubeconform(peer)),
      };
      const bench = { rows, mostMiB, exactness };
      const { text, isWithin } = renderBench(bench);
      return { exitCode: isWithin ? exitCodes.done : exitCodes.findings, text, json: bench };
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
});
