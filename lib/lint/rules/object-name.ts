import {
  describeKind,
  type Fields,
  getFields,
  getText,
  isFields,
  type Manifest,
} from "../../manifests/manifest.ts";
import { isForKustomize } from "../../manifests/kustomization.ts";
import {
  isDataKey,
  isDnsLabel,
  isDnsSubdomain,
  isLabelKey,
  isLabelValue,
} from "../../manifests/names.ts";
import { findPodTemplate } from "../../manifests/pods.ts";
import type { DataPath } from "../../schema/explain.ts";
import { isFilledIn } from "../filled-in.ts";
import type { ObjectFault, ObjectRule } from "../rule.ts";

export const objectName: ObjectRule = {
  id: "object-name",
  codes: ["NAME_INVALID", "LABEL_INVALID", "ANNOTATION_INVALID", "DATA_KEY_INVALID"],
  scope: "object",
  isAfterSchema: true,
  summary: "names, labels, annotations and keys of data are such as the cluster takes",
  why: "The schema calls them texts, and the API server refuses all but some of them: `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'`. https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ and, for labels, https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/",
  example: { bad: "metadata:\n  name: My_App", good: "metadata:\n  name: my-app" },
  find(manifest, { minor }) {
    const faults: ObjectFault[] = [];
    if (manifest.isPart || isForKustomize(manifest)) return faults;
    const { value } = manifest;
    checkName(manifest, minor, faults);
    checkMetadata(value, [], faults);
    const kind = describeKind(manifest);
    if (kind === "ConfigMap" || kind === "Secret") checkData(value, faults);
    const pod = findPodTemplate(manifest);
    if (pod === undefined) return faults;
    const at = pod.at.slice(0, -1);
    if (at.length > 0) checkMetadata({ metadata: pod }, at, faults);
    checkLabels(pod.spec["nodeSelector"], [...pod.at, "nodeSelector"], faults);
    return faults;
  },
};

/** Kinds that take other names: of RBAC any without a slash, of others what they stand for. */
const freeGroups =
  /^(?:rbac\.authorization\.k8s\.io|certificates\.k8s\.io|apiregistration\.k8s\.io|policy|(?:.*\.)?openshift\.io)\//;
const freeKinds = new Set(["CSIDriver", "Event", "IPAddress"]);

/** Kinds whose names become a part of a DNS name (pkg/apis: core/validation, apps/validation). */
const labelKinds = new Set(["Namespace", "Service", "apps/StatefulSet"]);

/** The controller appends eleven characters for the Job (pkg/apis/batch/validation). */
const longestCronJob = 52;

/** The first that takes Services by RFC 1123 (feature gate RelaxedServiceNameValidation); before, by RFC 1035. */
const relaxedMinor = 36;

function checkName(manifest: Manifest, minor: string, faults: ObjectFault[]): void {
  const { name, apiVersion, kind: shortKind } = manifest;
  if (name === "") return;
  const kind = describeKind(manifest);
  const add = (why: string, fix: string) => {
    if (isFilledIn(name)) return;
    const message = `"${name}" is no name for a ${shortKind}`;
    faults.push({ at: ["metadata", "name"], part: "value", message, why, fix });
  };
  if (freeGroups.test(apiVersion) || freeKinds.has(shortKind)) {
    if (/^\.\.?$|[/%]/.test(name)) add("it becomes a part of a URL", "Write it without / and %");
  } else if (labelKinds.has(kind)) {
    const startsWithDigit = kind === "Service" && /^\d/.test(name);
    if (startsWithDigit && Number(minor.slice(minor.indexOf(".") + 1)) < relaxedMinor) {
      add(
        "up to Kubernetes 1.35 the name of a Service begins with a letter",
        "Write a letter first",
      );
    } else if (!isDnsLabel(name)) {
      add(
        "it becomes a part of a DNS name: at most 63 small letters, digits and -, a letter or digit at both ends",
        "Use such letters only, and no dot",
      );
    }
  } else if (!isDnsSubdomain(name)) {
    add(
      "it has at most 253 small letters, digits, - and ., a letter or digit at both ends",
      "Use such letters only, for example - for _",
    );
  } else if (kind === "batch/CronJob" && name.length > longestCronJob) {
    add(
      `of ${name.length} characters it is too long: those of its Jobs have 11 more, and at most 63`,
      `Write at most ${longestCronJob} characters`,
    );
  }
}

/** Of an object or a template: `value` has the metadata, `at` is its place. */
function checkMetadata(value: Fields, at: DataPath, faults: ObjectFault[]): void {
  const metadata = value["metadata"];
  if (!isFields(metadata)) return;
  checkLabels(metadata["labels"], [...at, "metadata", "labels"], faults);
  const annotations = metadata["annotations"];
  if (!isFields(annotations)) return;
  for (const key in annotations) {
    if (isLabelKey(key.toLowerCase()) || isFilledIn(key)) continue;
    faults.push({
      code: "ANNOTATION_INVALID",
      at: [...at, "metadata", "annotations", key],
      message: `"${key}" is no key of an annotation`,
      ...keyForm,
    });
  }
}

const keyForm = {
  why: "it is a name of at most 63 letters, digits, -, _ and ., perhaps behind a DNS name and one /",
  fix: "Write such a key, as in example.com/name",
};

function checkLabels(labels: unknown, at: DataPath, faults: ObjectFault[]): void {
  if (!isFields(labels)) return;
  for (const key in labels) {
    const value = labels[key];
    if (!isLabelKey(key) && !isFilledIn(key)) {
      faults.push({
        code: "LABEL_INVALID",
        at: [...at, key],
        message: `"${key}" is no key of a label`,
        ...keyForm,
      });
    }
    if (typeof value !== "string" || isLabelValue(value) || isFilledIn(value)) continue;
    faults.push({
      code: "LABEL_INVALID",
      at: [...at, key],
      part: "value",
      message: `"${value}" is no value of a label`,
      why: "it has at most 63 letters, digits, -, _ and ., a letter or digit at both ends",
      fix: "Write such a value, or make an annotation of it",
    });
  }
}

function checkData(value: Fields, faults: ObjectFault[]): void {
  for (const part of ["data", "binaryData", "stringData"]) {
    const data = getFields(value, part);
    for (const key in data) {
      const isTwice = part === "binaryData" && getText(value, "data", key) !== undefined;
      if ((isDataKey(key) && !isTwice) || isFilledIn(key)) continue;
      faults.push({
        code: "DATA_KEY_INVALID",
        at: [part, key],
        message: isTwice ? `"${key}" is in data, too` : `"${key}" is no key of data`,
        why: isTwice
          ? "a key is in one of them"
          : "it becomes the name of a file: at most 253 letters, digits, -, _ and .",
        fix: isTwice ? "Remove one of them" : "Write such a key; a volume can give it another path",
      });
    }
  }
}
