/** There in every cluster. */
export const builtInNamespaces = ["default", "kube-system", "kube-public", "kube-node-lease"];
