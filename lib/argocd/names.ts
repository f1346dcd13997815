/** Namespace of Argo CD, its Applications and its Secrets. */
export const argoNamespace = "argocd";

/** The Application that makes the other roots, and keeps Argo CD itself. */
export const rootApplication = "bootstrap";

/** The Deployment that reads Git, and decrypts what is in there. */
export const repoServer = "argocd-repo-server";

/** Whose fields they are that Argo CD has applied (argo-cd: common/common.go, ArgoCDSSAManager). */
export const argoFieldManager = "argocd-controller";

/** Lets Argo CD look at an Application at once; it takes the annotation off again. */
export const refreshAnnotation = "argocd.argoproj.io/refresh";

/** Keeps Argo CD from looking at an Application and from syncing it. */
export const pausedAnnotation = "argocd.argoproj.io/skip-reconcile";
