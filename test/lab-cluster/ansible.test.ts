import { readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { repositoryRoot } from "../../lib/config/paths.ts";

t.test("whatever is installed for Ansible is pinned, with sums", async (t) => {
  const text = readFileSync(path.join(repositoryRoot, "lab/ansible-requirements.txt"), "utf8");
  const entries = text.replaceAll("\\\n", "").split("\n");
  const packages = entries.filter((line) => line !== "" && !line.startsWith("#"));
  t.ok(packages.some((line) => line.startsWith("ansible-core==")));
  for (const line of packages) {
    t.match(line, /^[a-z0-9-]+==\S+( +--hash=sha256:[0-9a-f]{64})+$/, line.slice(0, 40));
  }
});
