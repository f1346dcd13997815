import { existsSync, realpathSync } from "node:fs";

/**
 * What follows the script on the command line, whether it was started by zx, npx zx, node or its
 * own shebang; `script` is relative to the repository's root. Throws a plain Error, a defect, when
 * the script is not there: flags that nobody reads are worse than none.
 */
export function findArguments(argv: string[], script: string): string[] {
  const index = argv.findIndex((element) => isScript(element, script));
  if (index === -1) throw new Error(`${script} is not on its own command line: ${argv.join(" ")}`);
  return argv.slice(index + 1);
}

function isScript(element: string, script: string): boolean {
  return existsSync(element) && realpathSync(element).endsWith(`/${script}`);
}
