import t from "tap";
import { parseYamlDocuments } from "../../lib/config/parse-yaml.ts";
import { InfraError } from "../../lib/errors.ts";

/** Generous: it catches what grows with the square of the size, or has no end. */
const mostMs = 60_000;

t.test("what is no YAML is refused in the end, however long it is", async (t) => {
  for (const one of ["]", "%\n", "[", "- ", "! "]) {
    const startedAt = performance.now();
    const told: unknown = await parseYamlDocuments(one.repeat(101_000 / one.length), "x.yaml").then(
      () => undefined,
      (error: unknown) => error,
    );
    t.ok(told instanceof InfraError, JSON.stringify(one));
    t.match(told, { code: /^(CONFIG_SYNTAX|FILE_TOO_DEEP)$/, where: { file: "x.yaml" } });
    t.ok(performance.now() - startedAt < mostMs, JSON.stringify(one));
  }
});
