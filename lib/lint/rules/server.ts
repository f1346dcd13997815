import type { FileRule } from "../rule.ts";

export const server: FileRule = {
  id: "server",
  codes: ["SERVER_REFUSED"],
  scope: "file",
  summary: "with --server, the cluster itself takes an object",
  why: "Only the API server evaluates rules in CEL, admission webhooks and its own validation. `--server` gives it every object that was found right, as a server-side apply with dryRun=All, which it judges whole and does not keep. An object of a namespace or a kind that the cluster does not have yet is refused, too.",
  example: {
    bad: "apiVersion: v1\nkind: Service\nspec:\n  ports:\n    - port: 70000",
    good: "apiVersion: v1\nkind: Service\nspec:\n  ports:\n    - port: 7000",
  },
};
