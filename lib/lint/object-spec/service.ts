import { addMissing, checkOneOf, type Spot } from "./faults.ts";
import { getList } from "../../manifests/manifest.ts";
import { checkServicePorts } from "./ports.ts";

const policies = ["Cluster", "Local"];

/** What the API server refuses in the spec of a Service (pkg/apis/core/validation: validateService). */
export function checkService(spot: Spot): void {
  const { fields } = spot;
  checkOneOf(spot, "type", ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]);
  checkOneOf(spot, "sessionAffinity", ["None", "ClientIP"]);
  checkOneOf(spot, "externalTrafficPolicy", policies);
  checkOneOf(spot, "internalTrafficPolicy", policies);
  checkOneOf(spot, "ipFamilyPolicy", ["SingleStack", "PreferDualStack", "RequireDualStack"]);
  checkServicePorts(spot);
  if (fields["type"] === "ExternalName") {
    if ((fields["externalName"] ?? "") !== "") return;
    addMissing(spot, ["type"], {
      message: "this Service stands for a name, and has none",
      fix: "Add externalName",
    });
  } else if (getList(fields, "ports").length === 0 && fields["clusterIP"] !== "None") {
    addMissing(spot, [], {
      message: "this Service has no ports",
      why: "only one without an address of its own, with clusterIP: None, has none",
      fix: "Add the ports",
    });
  }
}
