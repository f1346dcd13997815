import t from "tap";
import { checkNames } from "../../lab/drill/check-names.ts";
import type { DrillFacts } from "../../lab/drill/facts.ts";
import { computeFigures } from "../../lab/drill/figures.ts";
import { at, makeFacts, sourceIp } from "../support/drill-facts.ts";

const www = "www.infra-k3s.test";

function judge(change: Partial<DrillFacts> = {}) {
  const facts = { ...makeFacts(), ...change };
  const figures = computeFigures(facts);
  return { names: figures.names, check: checkNames(facts, figures)[0] };
}

t.test("a name follows when it loses the dead host's address and has another", async (t) => {
  const { names, check } = judge();
  t.equal(check?.passed, true);
  t.strictSame(names[0], {
    name: www,
    killToAnswer: 51,
    cutOverToAnswer: 2,
    addresses: ["172.31.0.12"],
  });
});

t.test("the last change counts", async (t) => {
  const { answers } = makeFacts();
  const { names } = judge({
    answers: [
      ...answers,
      { name: www, at: at(132), addresses: [sourceIp] },
      { name: www, at: at(133), addresses: ["172.31.0.12"] },
    ],
  });
  t.equal(names[0]?.killToAnswer, 53);
});

const faults: Record<string, DrillFacts["answers"]> = {
  "a name that keeps the address": makeFacts().answers.slice(0, 2),
  "a name that loses every address": [
    ...makeFacts().answers,
    { name: www, at: at(141), addresses: [] },
  ],
  "a name that never led there": makeFacts().answers.filter(({ addresses }) => {
    return !addresses.includes(sourceIp);
  }),
  "a name that nobody answered for": makeFacts().answers.filter(({ name }) => name === www),
};

for (const [name, answers] of Object.entries(faults)) {
  t.test(`${name} fails the check`, async (t) => t.equal(judge({ answers }).check?.passed, false));
}
