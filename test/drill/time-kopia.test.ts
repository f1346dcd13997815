import t from "tap";
import { parseTimes } from "../../lab/drill/time-kopia.ts";

t.test("each restore is put to the claim of its snapshot", async (t) => {
  const log = [
    "Connected to repository.",
    "restored a1 0.84",
    "restored a1 0.76",
    "restored b2 12",
    "restored a1 0.7",
    "restored c3 1",
  ].join("\n");
  const snapshots = [
    { claim: "shop/base", id: "a1" },
    { claim: "shop/uploads", id: "b2" },
    { claim: "shop/archive", id: "d4" },
  ];
  t.strictSame(parseTimes(log, snapshots), [
    { claim: "shop/base", seconds: [0.84, 0.76, 0.7] },
    { claim: "shop/uploads", seconds: [12] },
    { claim: "shop/archive", seconds: [] },
  ]);
});
