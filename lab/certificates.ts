import { mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import path from "node:path";
import { run } from "../lib/exec/run.ts";
import type { ServerPaths } from "./paths.ts";

/** Longer than anybody keeps a lab. */
const days = 3650;

/**
 * Makes the lab's own CA and a certificate by it for servers of these names and addresses, once.
 * Throws EXEC_MISSING and EXEC_FAILED.
 */
export async function ensureCertificates(
  { tls }: Pick<ServerPaths, "tls">,
  names: readonly string[],
): Promise<void> {
  // Renamed to this only once it was whole.
  if ((await stat(tls).catch(() => undefined)) !== undefined) return;
  const folder = `${tls}.new`;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await makeCertificate(
    folder,
    "ca",
    [],
    ["basicConstraints=critical,CA:TRUE,pathlen:0", "keyUsage=critical,keyCertSign,cRLSign"],
  );
  const signer = ["-CA", path.join(folder, "ca.pem"), "-CAkey", path.join(folder, "ca.key")];
  await makeCertificate(folder, "server", signer, [
    "basicConstraints=critical,CA:FALSE",
    "keyUsage=critical,digitalSignature",
    "extendedKeyUsage=serverAuth",
    `subjectAltName=${names.map((name) => `${isIP(name) === 0 ? "DNS" : "IP"}:${name}`).join(",")}`,
  ]);
  await rename(folder, tls);
}

async function makeCertificate(
  folder: string,
  name: string,
  signer: readonly string[],
  extensions: readonly string[],
): Promise<void> {
  // All of it, since what the machine's own openssl.cnf says is not known.
  const settings = [
    "[req]",
    "distinguished_name=name",
    "prompt=no",
    "x509_extensions=extensions",
    "[name]",
    `CN=infra-k3s lab ${name}`,
    "[extensions]",
    ...extensions,
  ];
  const at = (ending: string) => path.join(folder, `${name}.${ending}`);
  await writeFile(at("cnf"), `${settings.join("\n")}\n`);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout"];
  const what = ["-sha256", "-days", String(days), ...signer, "-out", at("pem")];
  await run(["openssl", "req", "-x509", "-config", at("cnf"), ...key, at("key"), ...what], {
    installHint: "Install openssl, version 3 or later",
  });
}
