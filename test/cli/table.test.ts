import t from "tap";
import { renderTable } from "../../lib/cli/table.ts";

t.equal(
  renderTable(
    [
      ["demo/data", "1.2 MB", "12"],
      ["demo/a-long-name", "-", "3"],
      ["x", "not installed"],
    ],
    ["VOLUME", "SIZE", "FILES"],
  ),
  `VOLUME                     SIZE  FILES
demo/data                1.2 MB     12
demo/a-long-name              -      3
x                 not installed
`,
  "numbers to the right, no blanks at the ends",
);

t.equal(renderTable([], ["A", "B"]), "A  B\n", "no rows");
