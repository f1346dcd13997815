import { type Fields, getFields, getList, getText, getTexts } from "./manifest.ts";

/** Whether a label selector, as Kubernetes writes it, selects an object with these labels. */
export function matchesSelector(selector: unknown, labels: Fields): boolean {
  const wanted = Object.entries(getFields(selector, "matchLabels"));
  return (
    wanted.every(([key, value]) => labels[key] === value) &&
    getList(selector, "matchExpressions").every((one) => meets(one, labels))
  );
}

/** Whether a selector names no label at all. */
export function isEmptySelector(selector: unknown): boolean {
  return (
    Object.keys(getFields(selector, "matchLabels")).length === 0 &&
    getList(selector, "matchExpressions").length === 0
  );
}

function meets(expression: unknown, labels: Fields): boolean {
  const value = labels[getText(expression, "key") ?? ""];
  const isListed = getTexts(expression, "values").some((one) => one === value);
  switch (getText(expression, "operator")) {
    case "In":
      return isListed;
    case "NotIn":
      return !isListed;
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    default:
      return false;
  }
}
