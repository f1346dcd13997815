import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

export interface OwnCa {
  caFile: string;
  /** PEM of a server at 127.0.0.1. */
  key: string;
  cert: string;
}

/** Makes a CA and a server certificate by it; undefined where there is no openssl program. */
export function makeOwnCa(folder: string): OwnCa | undefined {
  const at = (name: string) => path.join(folder, name);
  const extensions = "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n";
  writeFileSync(at("server.ext"), extensions);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "pipe" });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const keyAndName = (name: string) => ["-keyout", at(`${name}.key`), "-subj", `/CN=test ${name}`];
  try {
    openssl("req", "-x509", ...newKey, ...keyAndName("ca"), "-days", "2", "-out", at("ca.pem"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  openssl("req", ...newKey, ...keyAndName("server"), "-out", at("server.csr"));
  const signed = ["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial", "-days", "2"];
  const files = ["-in", at("server.csr"), "-extfile", at("server.ext"), "-out", at("server.pem")];
  openssl("x509", "-req", ...signed, ...files);
  return {
    caFile: at("ca.pem"),
    key: readFileSync(at("server.key"), "utf8"),
    cert: readFileSync(at("server.pem"), "utf8"),
  };
}
