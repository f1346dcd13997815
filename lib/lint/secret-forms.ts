/** What a key looks like, as a regular expression, and what it is. */
type Form = readonly [form: string, what: string];

/**
 * The forms of keys, each with what it is. A regular expression looks for a group of them at once,
 * and is fast where all of the group begin alike: with capitals, with small letters, or with signs
 * that are rare in manifests.
 */
const groups: readonly (readonly Form[])[] = [
  [
    ["AGE-SECRET-KEY-(?:PQ-)?1[A-Z0-9]{58,}", "the private key of an age recipient"],
    [
      String.raw`-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:\\n|\s)+(?:[A-Za-z-]+: .*\n\s*)*[A-Za-z0-9+/=]{16}`,
      "a private key",
    ],
    ["LS0tLS1CRUdJTi[A-Za-z0-9+/]{50}", "a private key in base64"],
    [String.raw`A[KS]IA[A-Z2-7]{16}(?!\w)`, "an access key id of AWS"],
    ["K10[0-9a-f]{64}::[A-Za-z0-9_.-]+:[A-Za-z0-9.]+", "the token with which hosts join k3s"],
  ],
  [
    ["tskey-(?:[a-z]+-)?[A-Za-z0-9]{8,}-[A-Za-z0-9]{16,}", "a key of Tailscale"],
    ["gh[pousr]_[A-Za-z0-9]{36}", "a token of GitHub"],
    ["github_pat_[A-Za-z0-9_]{22,}", "a token of GitHub"],
  ],
  [
    ["glpat-[A-Za-z0-9_-]{20}", "a token of GitLab"],
    ["xox[abeoprs]-[A-Za-z0-9-]{10,}", "a token of Slack"],
    ["npm_[A-Za-z0-9]{36}", "a token of npm"],
  ],
  [
    [
      String.raw`(?<![\w-])eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{16,}`,
      "a token that signs in, such as that of a service account",
    ],
  ],
];

/** One regular expression for each group; its groups are those of the forms, in their order. */
export const keyPatterns = groups.map((forms) => ({
  forms,
  pattern: new RegExp(forms.map(([form]) => `(${form})`).join("|"), "g"),
}));

/** A user and a password in front of a host. */
export const addressWithPassword = /:\/\/[^\s/:@"'`]+:([^\s/@"'`]{6,})@/g;

const name = String.raw`(?:passw(?:or)?d|passphrase|secret|token|(?<=(?:api|access|secret|private|client|auth|encryption)[_-]?)key(?:-data)?)["']?`;
const value = String.raw`(?:"([^"\n]{8,})"|'([^'\n]{8,})'|(<[^<>\n]*>(?![^\s,;}\]])|[^\s"'#,;{}[\]|>&*!][^\s"'#,;{}[\]]{7,}))`;
/** Between the name and the value of a container's variable: on two lines, or in braces. */
const next = String.raw`(?:,\s*|\r?\n[ \t]+)["']?`;

/** A setting named as a secret, and its value; without one where the name ends a line or an item. */
export const assignment = new RegExp(
  String.raw`${name}[ \t]*(?:(?:[:=]|${next}value["']?[ \t]*:)[ \t]*${value}|(?=[\r\n,}]|$))`,
  "gi",
);

/** The value of a variable that stands before its name, at the end of a text. */
export const valueBefore = new RegExp(
  String.raw`\bvalue["']?:[ \t]*${value}[ \t]*${next}name["']?:[ \t]*["']?[\w.-]*$`,
);
