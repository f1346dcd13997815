import {
  describeKind,
  type Fields,
  getFields,
  getList,
  getText,
} from "../../manifests/manifest.ts";
import type { Manifest } from "../../manifests/manifest.ts";
import { isEncrypted } from "../../manifests/sops.ts";
import { hideUserInfo } from "../../manifests/urls.ts";
import { isPlaceholder } from "../placeholder.ts";
import type { ObjectFault, ObjectRule } from "../rule.ts";

export const plainSecret: ObjectRule = {
  id: "plain-secret",
  codes: ["PLAIN_SECRET"],
  scope: "object",
  summary: "a Secret is in a *.sops.yaml, encrypted",
  why: "base64 is no encryption: whoever has the repository, or had it once, reads the values, and Git never forgets them. Argo CD decrypts *.sops.yaml when it renders them. A Secret without values is fine, and so is one whose values are references that another program fills in, such as `<path:…>` or `${NAME}`; so is a repository of Argo CD without a credential (https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/#repositories).",
  example: {
    bad: "# kubernetes/apps/shop/secret.yaml\nkind: Secret\nstringData:\n  password: in clear",
    good: "# kubernetes/apps/shop/secret.sops.yaml\nkind: Secret\nstringData:\n  password: ENC[AES256_GCM,data:…]",
  },
  kinds: ["Secret", "kustomize.config.k8s.io/Kustomization"],
  find(manifest) {
    // Whether those are encrypted is asked by rule sops, of the text.
    if (isEncrypted(manifest.value) || /\.sops\.\w+$/.test(manifest.file)) return [];
    return describeKind(manifest) === "Secret" ? judgeSecret(manifest) : judgeGenerators(manifest);
  },
};

/** What the Secret of a repository of Argo CD says besides its credential. */
const publicOfRepository = new Set(
  "type url name project insecure enableLfs enableOCI forceHttpBasicAuth".split(" "),
);

function judgeSecret({ value }: Manifest): ObjectFault[] {
  const isRepository =
    getText(value, "metadata", "labels", "argocd.argoproj.io/secret-type") === "repository";
  const found = [
    ...listSecrets(value, "stringData", isRepository, (text) => text),
    ...listSecrets(value, "data", isRepository, decode),
  ];
  return explain(found);
}

/** The values that are no placeholders; what is no text is refused by the schema. */
function listSecrets(
  value: Fields,
  part: "data" | "stringData",
  isRepository: boolean,
  read: (text: string) => string,
): string[][] {
  return Object.entries(getFields(value, part)).flatMap(([key, written]) => {
    if (typeof written !== "string" || isPlaceholder(written)) return [];
    const text = read(written);
    const isPublic = isRepository && publicOfRepository.has(key) && hideUserInfo(text) === text;
    return isPublic || isPlaceholder(text) ? [] : [[part, key]];
  });
}

function decode(text: string): string {
  return Buffer.from(text, "base64").toString();
}

function judgeGenerators({ value }: Manifest): ObjectFault[] {
  const found = getList(value, "secretGenerator").flatMap((generator, index) =>
    getList(generator, "literals").flatMap((literal, number) => {
      const text = typeof literal === "string" ? literal.replace(/^[^=]*=/, "") : "";
      const bare = text.replace(/^(["'])(.*)\1$/, "$2");
      const at = ["secretGenerator", String(index), "literals", String(number)];
      return isPlaceholder(bare) ? [] : [at];
    }),
  );
  return explain(found);
}

/** One finding for all values, as all are encrypted together. */
function explain(found: readonly string[][]): ObjectFault[] {
  const [first] = found;
  if (first === undefined) return [];
  return [
    {
      at: first,
      message:
        found.length === 1
          ? "this value of a Secret is in clear"
          : `${found.length} values of a Secret are in clear`,
      why: "whoever has the repository, or had it once, can read them",
      fix: "Put the Secret into a *.sops.yaml of its own and run sops encrypt --in-place on it; if it was ever pushed, change every secret in it",
    },
  ];
}
