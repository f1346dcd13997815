import t from "tap";
import {
  CredentialsError,
  DeadlineError,
  isPassing,
  RefusalError,
  toInfraError,
} from "../../lib/cluster/api-error.ts";
import { refuse } from "../support/fake-kube-answers.ts";

function refusal(status: number, reason: string, message = "", details = {}): RefusalError {
  return new RefusalError(status, JSON.stringify(refuse(status, reason, message, details).body));
}

function coded(code: string): Error {
  return Object.assign(new Error(code), { code });
}

const quota =
  'pods "x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1';
const uidCause = { causes: [{ field: "spec.x" }, { field: "metadata.uid" }] };

const cases: [string, string, unknown][] = [
  ["unauthorized", "CLUSTER_FORBIDDEN", refusal(401, "Unauthorized")],
  ["forbidden", "CLUSTER_FORBIDDEN", refusal(403, "Forbidden", 'User "x" cannot get pods')],
  ["quota used up", "CLUSTER_QUOTA", refusal(403, "Forbidden", quota)],
  ["not found", "CLUSTER_NOT_FOUND", refusal(404, "NotFound")],
  ["kind not installed", "CLUSTER_NOT_FOUND", new RefusalError(404, "404 page not found\n")],
  ["name taken", "CLUSTER_EXISTS", refusal(409, "AlreadyExists")],
  ["another version", "CLUSTER_CONFLICT", refusal(409, "Conflict")],
  ["another UID", "CLUSTER_CONFLICT", refusal(422, "Invalid", "", uidCause)],
  ["invalid", "CLUSTER_INVALID", refusal(422, "Invalid", "", { causes: [{ field: "spec" }] })],
  ["bad request", "CLUSTER_INVALID", refusal(400, "BadRequest")],
  ["too large", "CLUSTER_INVALID", refusal(413, "RequestEntityTooLarge")],
  ["list too old", "CLUSTER_UNREACHABLE", refusal(410, "Expired")],
  ["too many requests", "CLUSTER_UNREACHABLE", new RefusalError(429, "Too many requests\n")],
  ["server error", "CLUSTER_UNREACHABLE", refusal(500, "InternalError")],
  ["bad gateway", "CLUSTER_UNREACHABLE", new RefusalError(502, "<html>")],
  [
    "a proxy's refusal",
    "CLUSTER_UNREACHABLE",
    new RefusalError(400, "Client sent an HTTP request"),
  ],
  ["redirection", "CLUSTER_UNREACHABLE", new RefusalError(302, "")],
  ["JSON that is no Status", "CLUSTER_UNREACHABLE", new RefusalError(400, "null")],
  ["no answer", "CLUSTER_TIMEOUT", new DeadlineError(true, 10)],
  ["no connection", "CLUSTER_UNREACHABLE", new DeadlineError(false, 10)],
  ["no credentials", "CLUSTER_FORBIDDEN", new CredentialsError("no login today")],
  ["connection refused", "CLUSTER_UNREACHABLE", coded("ECONNREFUSED")],
  ["certificate", "CLUSTER_UNREACHABLE", coded("CERT_HAS_EXPIRED")],
  ["not an Error", "CLUSTER_UNREACHABLE", "what?"],
];

for (const [name, code, thrown] of cases) {
  t.test(name, async (t) => {
    const error = toInfraError(thrown, "read Pod demo/x");
    t.match(error, { code, exitCode: 4, message: "could not read Pod demo/x", fix: String });
    t.equal(error.cause, thrown);
  });
}

t.test("the reason is the server's, or the network's", async (t) => {
  t.equal(toInfraError(refusal(403, "Forbidden", quota), "x").why, quota);
  t.equal(toInfraError(new RefusalError(502, "<html>\n"), "x").why, "it answered HTTP 502: <html>");
  // Node's error for a host name with several addresses.
  const both = new AggregateError([new Error("::1 refused"), new Error("127.0.0.1 refused")]);
  t.equal(toInfraError(both, "x").why, "::1 refused; 127.0.0.1 refused");
});

t.test("what may pass is told from what stays", async (t) => {
  for (const code of ["ECONNREFUSED", "ECONNRESET", "EPIPE", "EHOSTUNREACH", "EAI_AGAIN"]) {
    t.ok(isPassing(coded(code)), code);
  }
  for (const status of [429, 500, 502, 503, 504]) t.ok(isPassing(new RefusalError(status, "")));
  for (const status of [302, 400, 401, 403, 404, 409, 410, 422]) {
    t.notOk(isPassing(new RefusalError(status, "")), String(status));
  }
  t.notOk(isPassing(coded("CERT_HAS_EXPIRED")));
  t.notOk(isPassing(new DeadlineError(true, 10)));
  t.notOk(isPassing(new Error("no code")));
});
