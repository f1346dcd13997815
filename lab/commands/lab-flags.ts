import { commonFlags } from "../../lib/cli/common-flags.ts";

/** The flags of every command of the lab; its site and kubeconfig are always its own. */
export const labFlags = { json: commonFlags.json, verbose: commonFlags.verbose } as const;
