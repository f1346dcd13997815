import { homedir } from "node:os";
import path from "node:path";
import t from "tap";
import { expandHome, repositoryRoot, showPath } from "../../lib/config/paths.ts";

t.test("files of the repository are named from its top, others in full", async (t) => {
  t.equal(showPath(path.join(repositoryRoot, "config/versions.yaml")), "config/versions.yaml");
  t.equal(showPath(repositoryRoot), ".");
  t.equal(showPath("/etc/hosts"), "/etc/hosts");
  t.equal(showPath(path.join(repositoryRoot, "..hidden")), "..hidden");
});

t.test("only a leading ~/ is the home folder", async (t) => {
  t.equal(expandHome("~/.ssh/id"), path.join(homedir(), ".ssh/id"));
  t.equal(expandHome("~"), homedir());
  t.equal(expandHome("~other/id"), "~other/id");
  t.equal(expandHome("/a/~/b"), "/a/~/b");
});
