import t from "tap";
import { parseMounts } from "../../lab/mounts.ts";

t.test("mounts are read with and without tags, and with octal escapes", async (t) => {
  const text = [
    "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 propagate_from:2 - ext3 /dev/root rw,errors=continue",
    "20 1 254:0 / / rw,relatime - ext4 /dev/vda rw",
    String.raw`21 1 0:5 / /a\040b\134c rw - tmpfs none rw,size=1k`,
    "",
  ].join("\n");
  t.strictSame(parseMounts(text), [
    { root: "/mnt1", point: "/mnt2", type: "ext3", options: ["rw", "errors=continue"] },
    { root: "/", point: "/", type: "ext4", options: ["rw"] },
    { root: "/", point: "/a b\\c", type: "tmpfs", options: ["rw", "size=1k"] },
  ]);
});
