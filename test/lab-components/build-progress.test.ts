import t from "tap";
import { renderBuildEvent, renderSeconds } from "../../lab/build-progress.ts";

const place = { group: "velero", number: 2, total: 3 };

t.test("a build tells what it does, how much is left and the time so far", async (t) => {
  t.equal(
    renderBuildEvent({ kind: "planned", present: 8, missing: ["etcd", "velero", "umoci"] }),
    "components: 3 to build (etcd, velero, umoci), 8 in the cache",
  );
  t.equal(
    renderBuildEvent({ kind: "started", ...place, seconds: 16 }),
    "     16 s  velero (2 of 3): building, 1 left after it",
  );
  t.equal(
    renderBuildEvent({ kind: "progress", ...place, seconds: 75, downloads: 0, packages: 310 }),
    "1 min 15 s  velero (2 of 3): 310 packages compiled",
  );
  t.equal(
    renderBuildEvent({ kind: "progress", ...place, seconds: 26, downloads: 12, packages: 0 }),
    "     26 s  velero (2 of 3): 12 modules fetched, 0 packages compiled",
  );
  t.equal(
    renderBuildEvent({
      kind: "built",
      ...place,
      number: 3,
      seconds: 190,
      groupSeconds: 179.4,
      bytes: 2.5e8,
    }),
    "3 min 10 s  velero (3 of 3): built in 2 min 59 s, 250.0 MB, 0 left",
  );
});

t.test("a build of nothing says nothing", async (t) => {
  t.equal(renderBuildEvent({ kind: "planned", present: 10, missing: [] }), undefined);
});

t.test("seconds become minutes", async (t) => {
  t.equal(renderSeconds(59.6), "1 min 0 s");
  t.equal(renderSeconds(0.4), "0 s");
});
