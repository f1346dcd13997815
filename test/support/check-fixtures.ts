import type { Test } from "tap";
import { InfraError } from "../../lib/errors.ts";
import { type Fixture, listInvalid, listValid } from "./fixtures.ts";

/** Runs every fixture of a kind through `load`: the valid ones load, the others fail as they say. */
export async function checkFixtures(
  t: Test,
  kind: string,
  load: (fixture: Fixture, t: Test) => Promise<unknown>,
): Promise<void> {
  for (const fixture of listValid(kind)) {
    await t.test(`valid: ${fixture.name}`, async (t) => {
      await t.resolves(load(fixture, t));
    });
  }
  for (const fixture of listInvalid(kind)) {
    await t.test(`invalid: ${fixture.name}`, async (t) => {
      const error = await load(fixture, t).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (!(error instanceof InfraError)) throw error ?? new Error("it was accepted");
      const { line, column } = error.where ?? {};
      t.strictSame([error.code, line, column], [fixture.code, fixture.line, fixture.column]);
      t.ok(error.fix, "says what to do");
      t.notMatch(`${error.message} ${error.why} ${error.fix}`, /hunter22/, "quotes no password");
    });
  }
}
