/** On a claim: how its data comes back, `files` (default) or `rebuild`. */
export const recoveryAnnotation = "infra-k3s.io/recovery";

/** The claim of the same namespace a `rebuild` volume is made from. */
export const rebuildFromAnnotation = "infra-k3s.io/rebuild-from";

/** The shell command that makes it, run in the app's own image with both claims mounted. */
export const rebuildAnnotation = "infra-k3s.io/rebuild";
