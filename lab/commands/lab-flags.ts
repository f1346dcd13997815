import { commonFlags } from "../../lib/cli/common-flags.ts";

/** The flags of every command of the lab; its site and kubeconfig are always its own. */
export const labFlags = { json: commonFlags.json, verbose: commonFlags.verbose } as const;

/** Of the commands that make the hosts' system. */
export const mirrorFlag = {
  mirror: {
    type: "string",
    value: "URL",
    help: "Debian mirror to make the hosts' system from (default: this machine's own)",
  },
} as const;
