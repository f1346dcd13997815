import { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";

// Preloaded by a test with --import: writes the URL of every module that is loaded from here on,
// by import and by require, to the file that RECORD_MODULES names.
registerHooks({
  load(url, context, nextLoad) {
    appendFileSync(process.env["RECORD_MODULES"] ?? "", `${url}\n`);
    return nextLoad(url, context);
  },
});
