/** What Argo CD renders, and so has to decrypt. */
export const clusterFolder = "kubernetes/";

/** The Secret with the private half of the cluster's own age key, below the site's folder. */
export const clusterKeyFile = "kubernetes/bootstrap/argocd/age-key.sops.yaml";

/** Whether the cluster has to read an encrypted file; its path begins at the site's folder. */
export function isForCluster(file: string): boolean {
  return file.startsWith(clusterFolder) && file !== clusterKeyFile;
}
