import type { FlagTable, StringFlag } from "./define-command.ts";

/** The flags that every command on a site has. */
export const commonFlags = {
  site: {
    type: "string",
    value: "DIR",
    help: "folder of the site (default: INFRA_K3S_SITE, else this work tree)",
  },
  kubeconfig: { type: "string", value: "FILE", help: "kubeconfig to use instead of the site's" },
  json: { type: "boolean", help: "print one JSON document instead of text" },
  verbose: { type: "boolean", help: "show more, stack traces among it" },
} as const satisfies FlagTable;

/** The flags that every command that changes something has beside the common ones. */
export const changeFlags = {
  "dry-run": { type: "boolean", help: "show the plan and stop there; only reads" },
  abort: { type: "boolean", help: "undo the open run of this command" },
  yes: { type: "boolean", help: "do not ask the ordinary questions" },
  confirm: { type: "string", value: "NAME", help: "the name that would have to be typed" },
} as const satisfies FlagTable;

/** Of the recoveries, whose claims cannot be moved back. */
export const recoveryFlags = {
  ...changeFlags,
  "give-up": {
    type: "boolean",
    help: "close an open run that can be neither finished nor undone; what was moved stays moved",
  },
} as const satisfies FlagTable;

/** Of the commands that run playbooks. */
export const viaFlag = {
  type: "string",
  value: "WAY",
  oneOf: ["auto", "mesh", "public"],
  default: "auto",
  help: "how hosts are reached: auto (the mesh where all answer in it), mesh or public",
} as const satisfies StringFlag;
