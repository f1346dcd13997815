import { spawnSync } from "node:child_process";
import path from "node:path";
import t from "tap";
import { repositoryRoot } from "../../lib/config/paths.ts";

/** Needs Go, and its modules the first time: not a part of `npm test`. */
const folder = path.join(repositoryRoot, "lab/k3s");

for (const verb of ["vet", "test"]) {
  t.test(`go ${verb} of the k3s stand-in`, { timeout: 600_000 }, async (t) => {
    const { status, stdout, stderr } = spawnSync("go", [verb, "./..."], {
      cwd: folder,
      encoding: "utf8",
    });
    t.equal(status, 0, `${stdout}${stderr}`);
  });
}
