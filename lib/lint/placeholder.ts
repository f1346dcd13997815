/** Words that stand for a secret in templates and examples. */
const words =
  /change.?me|replace.?(?:me|this|with)|placeholder|example|redacted|dummy|your[-_ ]|todo|fixme|insert|^x{3,}$|^\*{3,}$|^\.{3}$|^…$/i;

/**
 * Whether a value stands for a secret and is none: empty, a reference that another program fills in
 * (`${NAME}`, `{{ name }}`, `<path:…>`, `$NAME`, vault or file paths), encrypted already, or a word of
 * templates.
 */
export function isPlaceholder(value: string): boolean {
  const text = value.trim();
  return (
    text === "" ||
    /^(?:null|none|nil|true|false|undefined|~)$/i.test(text) ||
    /\$\{|\$\(|\{\{|\{%|^<|^\$[A-Z_][A-Z0-9_]*$|^%\(\w+\)|^\$ANSIBLE_VAULT/.test(text) ||
    /^(?:ENC\[|!vault|vault:|sops:|ref\+|secretref:|op:\/\/|file:|env:|ssm:)/i.test(text) ||
    words.test(text)
  );
}
