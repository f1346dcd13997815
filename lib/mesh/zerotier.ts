import type { FromSchema } from "json-schema-to-ts";
import type { MeshStatus } from "./mesh.ts";
import { parseAnswer } from "./answer.ts";
import { zerotierInfoSchema, zerotierNetworksSchema } from "./zerotier.schema.ts";

/** State of a membership (ZeroTierOne: include/ZeroTierOne.h, ZT_VirtualNetworkStatus). */
const states: Readonly<Record<string, MeshStatus["state"]>> = {
  OK: "running",
  REQUESTING_CONFIGURATION: "starting",
  ACCESS_DENIED: "needs-approval",
  AUTHENTICATION_REQUIRED: "needs-login",
  NOT_FOUND: "needs-login",
  PORT_ERROR: "stopped",
  CLIENT_TOO_OLD: "stopped",
};

/**
 * What `zerotier-cli -j info` and `zerotier-cli -j listnetworks` say, of the first
 * network. Throws MESH_UNREADABLE; `where` names the machine that was asked.
 */
export async function parseZerotier(
  info: string,
  networks: string,
  where: string,
): Promise<MeshStatus> {
  const [node, memberships] = await Promise.all([
    parseAnswer<FromSchema<typeof zerotierInfoSchema>>(info, zerotierInfoSchema, {
      program: "zerotier-cli info",
      where,
    }),
    parseAnswer<FromSchema<typeof zerotierNetworksSchema>>(networks, zerotierNetworksSchema, {
      program: "zerotier-cli listnetworks",
      where,
    }),
  ]);
  const [membership] = memberships;
  const { status = "", assignedAddresses = [] } = membership ?? {};
  const addresses = assignedAddresses.map((one) => one.split("/")[0] ?? "");
  return {
    kind: "zerotier",
    // Without a network it has not joined any.
    state: membership === undefined ? "needs-login" : (states[status] ?? "stopped"),
    version: node.version ?? "",
    name: node.address,
    address: addresses.find((one) => one !== "" && !one.includes(":")),
    tags: [],
    keyExpiry: undefined,
    problems: [
      ...(node.online ? [] : ["it reaches none of ZeroTier's roots"]),
      ...(membership === undefined || status === "OK"
        ? []
        : [`network ${membership.nwid}: ${status}`]),
    ],
    peers: [],
  };
}
