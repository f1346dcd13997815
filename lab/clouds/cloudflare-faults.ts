/** What Cloudflare's API refuses, in its words. */
export interface ApiFault {
  status: number;
  code: number;
  message: string;
  error_chain?: { code: number; message: string }[];
}

/** The API's own pages that its messages point to. */
const samePage =
  "For more details, refer to <https://developers.cloudflare.com/dns/manage-dns-records/troubleshooting/records-with-same-name/>.";

/**
 * Cloudflare documents few of its codes. What a token is told was watched against the API itself by
 * favonia/cloudflare-ddns (scripts/github-actions/cloudflare-auth-error-watch, June 2026); the rest
 * stands in documents and reports, which each names. A status that none of them tells is 400.
 */
export const faults = {
  /** cloudflare/cloudflare-python#2678 */
  noToken: {
    status: 400,
    code: 9106,
    message: "Missing X-Auth-Key, X-Auth-Email or Authorization headers",
  },
  malformedToken: {
    status: 400,
    code: 6003,
    message: "Invalid request headers",
    error_chain: [{ code: 6111, message: "Invalid format for Authorization header" }],
  },
  unknownToken: { status: 403, code: 9109, message: "Invalid access token" },
  /** Of `/user/tokens/verify` (cloudflare/terraform-provider-cloudflare#1990). */
  unverifiedToken: { status: 401, code: 1000, message: "Invalid API Token" },
  /** Of what belongs to an account. */
  unknownAccountToken: { status: 401, code: 10000, message: "Authentication error" },
  /** octodns/octodns-cloudflare#60 */
  mayNotListZones: {
    status: 403,
    code: 9109,
    message: "Unauthorized to access requested resource",
  },
  /** cloudflare/terraform-provider-cloudflare#913, cloudflare/workers-sdk#9235 */
  mayNot: { status: 403, code: 10000, message: "Authentication error" },
  /** developers.cloudflare.com/fundamentals/api/reference/limits */
  tooManyRequests: {
    status: 429,
    code: 971,
    message: "Please wait and consider throttling your request speed",
  },
  /** The record is gone: zanjie1999/cloudflare-api-v4-ddns#5 */
  noRecord: { status: 404, code: 81044, message: "Record does not exist." },
  /** cisagov/manage.get.gov (src/registrar/services/mock_cloudflare_service.py), as the next three. */
  badName: { status: 400, code: 9000, message: "DNS name is invalid." },
  addressHasName: {
    status: 400,
    code: 81053,
    message: `An A, AAAA, or CNAME record with that host already exists. ${samePage}`,
  },
  identical: { status: 400, code: 81058, message: "An identical record already exists." },
  /** favonia/cloudflare-ddns#990 */
  aliasHasName: {
    status: 400,
    code: 81054,
    message: `A CNAME record with that host already exists. ${samePage}`,
  },
  /** What the NS record meets, and what meets one (developers.cloudflare.com/dns/…/existing-ns-record). */
  othersHaveName: {
    status: 400,
    code: 81055,
    message: "Non-NS records with that host already exist.",
  },
  serverHasName: { status: 400, code: 81056, message: "NS records with that host already exist." },
  badType: { status: 400, code: 9002, message: "DNS record type is invalid." },
  /** yulewang/cloudflare-api-v4-ddns#16 */
  badAddress: {
    status: 400,
    code: 9005,
    message: "Content for A record must be a valid IPv4 address.",
  },
  badLongAddress: {
    status: 400,
    code: 9006,
    message: "Content for AAAA record must be a valid IPv6 address.",
  },
  /** hashicorp/terraform#11991 */
  cannotBeProxied: { status: 400, code: 9004, message: "This record type cannot be proxied." },
  /** gitlab-org/gitlab!138326, with 30 for Enterprise */
  badTtl: {
    status: 400,
    code: 9021,
    message: "TTL must be between 60 and 86400 seconds, or 1 for Automatic.",
  },
  /** pulumi/pulumi-cloudflare#1107 */
  noPriority: { status: 400, code: 9100, message: "priority is a required field." },
  /** developers.cloudflare.com/r2/api/error-codes */
  noBucket: { status: 404, code: 10006, message: "The specified bucket does not exist." },
} as const satisfies Record<string, ApiFault>;

/** cisagov/manage.get.gov, as above. */
export function badContent(type: string): ApiFault {
  return { status: 400, code: 9007, message: `Content for ${type} record is invalid.` };
}

/** DNSControl/dnscontrol#4776 */
export function badTarget(content: string): ApiFault {
  const message = `Target ${content} is not allowed for a proxied record.`;
  return { status: 400, code: 9003, message };
}

/** K0p1-Git/cloudflare-ddns-updater#61 */
export function noRoute(path: string): ApiFault {
  const message = `Could not route to ${path}, perhaps your object identifier is invalid?`;
  return { status: 404, code: 7003, message };
}

/** What a request is refused with. */
export class ApiRefusal extends Error {
  readonly fault: ApiFault;

  constructor(fault: ApiFault) {
    super(fault.message);
    this.fault = fault;
  }
}

/** Refuses a request. */
export function refuse(fault: ApiFault): never {
  throw new ApiRefusal(fault);
}
