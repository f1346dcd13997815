import { mkdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { ensureCertificates } from "../../lab/certificates.ts";
import { ensureTrust } from "../../lab/host-trust.ts";
import { hasCode } from "../../lib/errors.ts";
import { run } from "../../lib/exec/run.ts";

t.test("a host trusts the lab's CA, once", async (t) => {
  const folder = t.testdir({
    root: {
      etc: { ssl: { certs: { "ca-certificates.crt": "others\n" } } },
      usr: { local: { share: { "ca-certificates": {} } } },
    },
  });
  const tls = path.join(folder, "tls");
  try {
    await ensureCertificates({ tls }, ["172.31.0.1"]);
  } catch (error) {
    if (!hasCode(error, "EXEC_MISSING")) throw error;
    t.comment("skipped: there is no openssl program");
    return;
  }
  const root = path.join(folder, "root");
  const ca = path.join(tls, "ca.pem");
  const certs = path.join(root, "etc/ssl/certs");
  await ensureTrust(root, ca);
  await ensureTrust(root, ca);
  const text = readFileSync(ca, "utf8");
  t.equal(readFileSync(path.join(certs, "ca-certificates.crt"), "utf8"), `others\n${text}`);
  const copy = "/usr/local/share/ca-certificates/infra-k3s-lab.crt";
  t.equal(readlinkSync(path.join(certs, "infra-k3s-lab.pem")), copy);
  t.equal(readFileSync(path.join(root, copy), "utf8"), text);

  // With the links as they are on the host, where it is the root.
  const capath = path.join(folder, "capath");
  mkdirSync(capath);
  const { stdout } = await run(["openssl", "x509", "-noout", "-subject_hash", "-in", ca]);
  const link = `${stdout.trim()}.0`;
  t.equal(readlinkSync(path.join(certs, link)), "infra-k3s-lab.pem");
  writeFileSync(path.join(capath, link), text);
  const server = path.join(tls, "server.pem");
  const { stdout: verdict } = await run(["openssl", "verify", "-CApath", capath, server]);
  t.match(verdict, /: OK$/m);
});
