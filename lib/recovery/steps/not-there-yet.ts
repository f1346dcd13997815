import type { Step } from "../../steps/step.ts";

/**
 * The place of a step that a later version fills. Planning refuses every case that would need it,
 * so here it only says what it did not have to do.
 */
export function notThereYet(id: string, title: string, after: string[], note: string): Step {
  return {
    id,
    title,
    after,
    timeoutSeconds: 1,
    waitsFor: "nothing",
    async observe() {
      return { state: "not-needed", note };
    },
    async act() {},
    async verify() {
      return {};
    },
  };
}
