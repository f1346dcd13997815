import t from "tap";
import { renderRows } from "../../lib/commands/bench-startup.ts";

const text = renderRows([
  {
    program: "a.ts --help",
    way: "zx",
    state: "measured",
    minMs: 99.6,
    medianMs: 160,
    targetMs: 160,
  },
  {
    program: "a.ts --help",
    way: "npx",
    state: "measured",
    minMs: 390,
    medianMs: 401,
    targetMs: 400,
  },
  { program: "b.ts --help", way: "zx", state: "failed", targetMs: 160 },
  { program: "kubectl", way: "", state: "measured", minMs: 45, medianMs: 50 },
  { program: "ansible", way: "", state: "not installed" },
]);

t.equal(
  text.split("\n\n")[0],
  `PROGRAM      STARTED BY         MIN ms  MEDIAN ms  TARGET
a.ts --help  zx                    100        160     160  ok
a.ts --help  npx                   390        401     400  over
b.ts --help  zx          failed
kubectl                             45         50
ansible                  not installed`,
);
