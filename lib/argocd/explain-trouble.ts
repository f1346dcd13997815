import type { ErrorDetails } from "../errors.ts";
import type { Application } from "../objects.ts";
import { describeApplication, isWell, listComplaints } from "./describe-application.ts";

interface Trouble {
  code: string;
  says: RegExp;
  message: string;
  fix: string;
  /** Time alone does not heal it. */
  isFinal: boolean;
}

/** What Argo CD and what it starts say, and what a person does about it; the first that fits. */
const troubles: readonly Trouble[] = [
  {
    code: "ARGOCD_REPOSITORY_DENIED",
    says: /authentication required|authorization failed|invalid credentials|permission denied \(publickey\)|repository not found/i,
    message: "Argo CD may not read the repository",
    fix: "Correct the credential: sops edit config/argocd/credentials.sops.yaml, then run the same command again",
    isFinal: true,
  },
  {
    code: "ARGOCD_SECRET_UNREADABLE",
    says: /getting data key|data key required to decrypt|no identity matched|failed to decrypt|sops metadata not found/i,
    message: "Argo CD cannot decrypt a secret of this repository",
    fix: "Encrypt it for the cluster's key, too: sops updatekeys FILE, then commit and push it",
    isFinal: true,
  },
  {
    code: "ARGOCD_OUTSIDE_PROJECT",
    says: /not permitted in project|do(?:es)? not match any of the allowed|is not allowed in project/i,
    message: "an Application asks for more than its project permits",
    fix: "Move the object to where it belongs, or permit it in kubernetes/bootstrap/argocd/projects; then commit and push",
    isFinal: true,
  },
  {
    code: "ARGOCD_TOO_LARGE",
    says: /metadata\.annotations: Too long/,
    message: "an object is too large for a client-side apply",
    fix: "Add the sync option ServerSideApply=true to its Application, then commit and push",
    isFinal: true,
  },
  {
    code: "ARGOCD_PATH_MISSING",
    says: /app path does not exist/i,
    message: "an Application names a folder that the repository does not have",
    fix: "Correct its path, or commit and push the folder",
    isFinal: true,
  },
  {
    code: "ARGOCD_REPOSITORY_UNREACHABLE",
    says: /failed to list refs|no such host|connection refused|i\/o timeout|context deadline exceeded|certificate signed by unknown authority|unable to access/i,
    message: "Argo CD does not reach what it has to read",
    fix: "See that the address is right and can be reached from the cluster's hosts",
    isFinal: false,
  },
  {
    code: "ARGOCD_MANIFESTS_INVALID",
    says: /failed to generate manifest|manifest generation error|kustomize build/i,
    message: "Argo CD cannot build what an Application is made of",
    fix: "See what it says: npm run validate finds most of it; then commit and push",
    isFinal: true,
  },
];

/** What keeps an Application from being well; undefined when it is, or nothing is said yet. */
export function explainTrouble(
  application: Application,
): (ErrorDetails & { isFinal: boolean }) | undefined {
  if (isWell(application)) return undefined;
  const complaints = listComplaints(application);
  if (complaints.length === 0) return undefined;
  const { name } = application.metadata;
  const why = `Application ${name} (${describeApplication(application)}): ${complaints.join("\n")}`;
  const known = troubles.find(({ says }) => complaints.some((text) => says.test(text)));
  if (known !== undefined) {
    const { code, message, fix, isFinal } = known;
    return { code, message, why, fix, isFinal };
  }
  return {
    code: "ARGOCD_APPLICATION_UNWELL",
    message: `the Application ${name} is not as Git has it`,
    why,
    fix: "Correct it in Git, commit and push; Argo CD takes it by itself",
    isFinal: false,
  };
}
