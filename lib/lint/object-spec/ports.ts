import { type Fields, getList, getText, isFields } from "../../manifests/manifest.ts";
import { isDnsLabel, isPortName, isPortNumber } from "../../manifests/names.ts";
import { isFilledIn } from "../filled-in.ts";
import { addMissing, addRefused, checkOneOf, checkTwice, type Spot } from "./faults.ts";

const protocols = ["TCP", "UDP", "SCTP"];
const range = "a port is a number from 1 to 65535";
const nameForm =
  "it has at most 15 small letters, digits and single -, one letter at least, and no - at its ends";

/** The ports of a container (pkg/apis/core/validation: validateContainerPorts). */
export function checkContainerPorts({ at, fields, faults }: Spot): void {
  const ports = getList(fields, "ports");
  for (const [index, port] of ports.entries()) {
    if (!isFields(port)) continue;
    const spot = { at: [...at, "ports", String(index)], fields: port, faults };
    checkNumber(spot, "containerPort");
    if (port["hostPort"] !== 0) checkNumber(spot, "hostPort");
    checkOneOf(spot, "protocol", protocols);
    checkPortName(spot, "name");
  }
  if (ports.length > 1) checkTwice(ports, "name", { at: [...at, "ports"], faults }, "port");
}

/** What a probe or hook asks: a port by number, or one of its container by name. */
export function checkAskedPort(spot: Spot, container: Fields): void {
  checkNumberOrName(spot, "port");
  const name = spot.fields["port"];
  if (typeof name !== "string" || !isPortName(name) || isFilledIn(name)) return;
  const names = getList(container, "ports").map((port) => getText(port, "name") ?? "");
  if (names.some((one) => one === name || isFilledIn(one))) return;
  const known = names.filter((one) => one !== "");
  spot.faults.push({
    code: "PORT_UNKNOWN",
    at: [...spot.at, "port"],
    part: "value",
    message: `no port of this container is "${name}"`,
    why: "the kubelet looks for it among the ports of the same container, and takes the container for failed",
    fix:
      known.length === 0 ? "Write its number" : `Write its number, or one of ${known.join(", ")}`,
  });
}

/** The ports of a Service (pkg/apis/core/validation: validateService, validateServicePort). */
export function checkServicePorts({ at, fields, faults }: Spot): void {
  const ports = getList(fields, "ports");
  const seen = new Set<string>();
  for (const [index, port] of ports.entries()) {
    if (!isFields(port)) continue;
    const spot = { at: [...at, "ports", String(index)], fields: port, faults };
    checkNumber(spot, "port");
    if (port["nodePort"] !== 0) checkNumber(spot, "nodePort");
    checkOneOf(spot, "protocol", protocols);
    checkNumberOrName(spot, "targetPort");
    const { name = "", protocol = "TCP", port: number } = port;
    const key = `${String(number)}/${String(protocol)}`;
    if (seen.has(key)) {
      const message = `a second port of this Service is ${key}`;
      faults.push({
        code: "PART_TWICE",
        at: [...spot.at, "port"],
        part: "value",
        message,
        fix: "Remove it, or write another number",
      });
    }
    seen.add(key);
    if (name === "" && ports.length > 1) {
      addMissing(spot, [], {
        message: "this port has no name",
        why: "a Service with more than one port names them all",
        fix: "Add a name",
      });
    }
    if (typeof name !== "string" || name === "" || isDnsLabel(name) || isFilledIn(name)) continue;
    faults.push({
      code: "PORT_INVALID",
      at: [...spot.at, "name"],
      part: "value",
      message: `"${name}" is no name for a port of a Service`,
      why: "it has small letters, digits and -, and none of these at its ends",
      fix: "Write such a name",
    });
  }
  if (ports.length > 1) checkTwice(ports, "name", { at: [...at, "ports"], faults }, "port");
  const { type = "ClusterIP" } = fields;
  if (type !== "ClusterIP") return;
  for (const [index, port] of ports.entries()) {
    const nodePort = isFields(port) ? port["nodePort"] : undefined;
    if (typeof nodePort !== "number" || nodePort === 0) continue;
    addRefused({ at, fields, faults }, ["ports", String(index), "nodePort"], {
      message: "a Service of type ClusterIP has no port on the nodes",
      fix: "Write type: NodePort, or remove it",
    });
  }
}

function checkNumber({ at, fields, faults }: Spot, key: string): void {
  const port = fields[key];
  if (typeof port !== "number" || isPortNumber(port)) return;
  const message = `${port} is no port`;
  faults.push({
    code: "PORT_INVALID",
    at: [...at, key],
    part: "value",
    message,
    why: range,
    fix: "Write such a number",
  });
}

function checkPortName({ at, fields, faults }: Spot, key: string): void {
  const name = fields[key];
  if (typeof name !== "string" || name === "" || isPortName(name) || isFilledIn(name)) return;
  const isNumber = /^\d+$/.test(name);
  faults.push({
    code: "PORT_INVALID",
    at: [...at, key],
    part: "value",
    message: `"${name}" is no name of a port`,
    why: isNumber && key !== "name" ? "in quotes it is a name, and a name has a letter" : nameForm,
    fix: isNumber && key !== "name" ? "Remove the quotes" : "Write such a name",
  });
}

/** As IntOrString is read (ValidatePortNumOrName). */
function checkNumberOrName(spot: Spot, key: string): void {
  checkNumber(spot, key);
  checkPortName(spot, key);
}
