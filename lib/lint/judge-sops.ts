import path from "node:path";
import { parseYamlDocuments, type YamlSource } from "../config/parse-yaml.ts";
import { InfraError, type Place } from "../errors.ts";
import { type Fields, isFields } from "../manifests/manifest.ts";
import { findClearValue, isEncrypted, listKeys } from "../manifests/sops.ts";
import {
  listRuleFaults,
  parseRules,
  ruleMissing,
  ruleUnfit,
  type SopsRule,
} from "../secrets/rules.ts";
import { findReaderFault } from "../secrets/check-readers.ts";
import { clusterKeyFile } from "../secrets/cluster-files.ts";
import { parseClusterKeyFile } from "../secrets/cluster-recipient.ts";
import { findClaim } from "./claims.ts";
import { toConfigFinding } from "./judge-config-closely.ts";
import type { SourceFile } from "./list-files.ts";
import { toFinding } from "./locate-finding.ts";
import type { Finding } from "./rule.ts";
import {
  fewRecipients,
  macMissing,
  notEncrypted,
  recipientsChanged,
  sops,
  wrongName,
} from "./rules/sops.ts";

/** Paths that the rules for Secrets should cover, and one that no rule should. */
const secretFiles = [
  clusterKeyFile,
  "kubernetes/apps/shop/secret.sops.yaml",
  "config/argocd/credentials.sops.yaml",
];
const usualFile = "kubernetes/apps/shop/app.yaml";

interface RulesFile {
  name: string;
  rules: readonly SopsRule[];
}

/** What is wrong with the encrypted files and with the rules for them. */
export async function judgeSops(sources: readonly SourceFile[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  const rulesFiles = new Map<string, RulesFile>();
  const own = sources.filter(({ file }) => findClaim(file).kind !== "fixture");
  const key = await readClusterKey(own);
  if (key instanceof InfraError && key.code === "SECRETS_CLUSTER_KEY_INVALID") {
    findings.push(toSopsFinding(key));
  }
  const recipient = key instanceof InfraError ? undefined : key?.recipient;
  for (const { file, text } of own) {
    if (path.posix.basename(file) !== ".sops.yaml") continue;
    const folder = path.posix.dirname(file);
    const rules = await orError(parseRules(text, file, folder));
    if (rules instanceof InfraError) {
      // What is no YAML is told by its reader.
      if (rules.code === "SECRETS_RULES_INVALID") findings.push(toSopsFinding(rules));
      continue;
    }
    rulesFiles.set(folder, { name: file, rules });
    findings.push(...rules.flatMap(judgeRule), ...judgeReaders(rules, folder, recipient));
  }
  for (const source of own) {
    const isNamed = /.\.sops\.\w+$/.test(path.posix.basename(source.file));
    if (!isNamed && !/^(?:sops:|\s*"sops": *\{)/m.test(source.text)) continue;
    findings.push(...(await judgeFile(source, isNamed, findRules(rulesFiles, source.file))));
  }
  return findings;
}

async function readClusterKey(sources: readonly SourceFile[]) {
  const source = sources.find(({ file }) => file === clusterKeyFile);
  return source && (await orError(parseClusterKeyFile(source.text, source.file)));
}

async function orError<T>(reading: Promise<T>): Promise<T | InfraError> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof InfraError) return error;
    throw error;
  }
}

function judgeRule(rule: SopsRule): Finding[] {
  const faults = secretFiles.some((file) => rule.matches(file)) ? listRuleFaults(rule) : [];
  if (rule.matches(usualFile)) {
    faults.push(`its path_regex takes ${usualFile} too: nothing would tell what is encrypted`);
  }
  return faults.length === 0 ? [] : [toSopsFinding(ruleUnfit(rule, faults))];
}

/** What the rules of a folder let the cluster read that it may not, and not read that it has to. */
function judgeReaders(
  rules: readonly SopsRule[],
  folder: string,
  recipient: string | undefined,
): Finding[] {
  if (recipient === undefined) return [];
  const below = secretFiles.filter((file) => folder === "." || file.startsWith(`${folder}/`));
  return below.flatMap((file) => {
    const rule = rules.find((one) => one.matches(file));
    const fault = rule && findReaderFault(rule, file, { folder: "", recipient });
    return fault === undefined ? [] : [toSopsFinding(fault)];
  });
}

/** The rules in the folder of a file, or in the nearest one above it, as sops looks for them. */
function findRules(all: ReadonlyMap<string, RulesFile>, file: string): RulesFile | undefined {
  const folder = path.posix.dirname(file);
  return all.get(folder) ?? (folder === "." ? undefined : findRules(all, folder));
}

async function judgeFile(
  { file, text }: SourceFile,
  isNamed: boolean,
  rules: RulesFile | undefined,
): Promise<Finding[]> {
  if (!/\.(ya?ml|json)$/.test(file)) {
    if (text.includes("ENC[AES256_GCM,")) return [];
    return [toFinding(sops, notEncrypted("it has no value that sops has encrypted"), top(file))];
  }
  const documents = await orError(parseYamlDocuments(text, file));
  // What is no YAML is told by its reader.
  if (documents instanceof InfraError) return [];
  return documents.flatMap((document) => {
    if (!isFields(document.value)) return [];
    return judgeDocument(document, document.value, { file, isNamed, rules });
  });
}

interface FileFacts {
  file: string;
  isNamed: boolean;
  rules: RulesFile | undefined;
}

function judgeDocument({ locate }: YamlSource, value: Fields, facts: FileFacts): Finding[] {
  const { file, isNamed, rules } = facts;
  if (!isEncrypted(value)) {
    if (!isNamed) return [];
    const key = ["stringData", "data"].find((one) => one in value) ?? Object.keys(value)[0] ?? "";
    const fault = notEncrypted("sops has left no word in it about how it is encrypted");
    return [toFinding(sops, fault, locate([key], "key"))];
  }
  const atSops = locate(["sops"], "key");
  if (!isNamed) return [toFinding(sops, wrongName(file), atSops)];
  const clear = findClearValue(value);
  const { count, age } = listKeys(value);
  const { mac } = value["sops"] as Fields;
  const rule = rules?.rules.find((one) => one.matches(file));
  const name = rules?.name ?? ".sops.yaml";
  return [
    ...(clear === undefined
      ? []
      : [toFinding(sops, notEncrypted("this value is in clear"), locate(clear, "value"))]),
    ...(typeof mac === "string" ? [] : [toFinding(sops, macMissing, atSops)]),
    ...(rule === undefined ? [toSopsFinding(ruleMissing(name, file, atSops))] : []),
    ...(count < 2 ? [toFinding(sops, fewRecipients, locate(["sops", "age"], "key"))] : []),
    ...(rule === undefined || count < 2 || hasSame(rule.recipients, age)
      ? []
      : [toFinding(sops, recipientsChanged(name), locate(["sops", "age"], "key"))]),
  ];
}

function hasSame(wanted: readonly string[], there: readonly string[]): boolean {
  return wanted.every((one) => there.includes(one)) && there.every((one) => wanted.includes(one));
}

function top(file: string): Place {
  return { file, line: 1, column: 1 };
}

function toSopsFinding(error: InfraError): Finding {
  return { ...toConfigFinding(error), rule: sops.id };
}
