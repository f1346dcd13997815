import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import t, { type Test } from "tap";
import { ensureRepository, repositoryKeyFile } from "../../lab/mesh/repository.ts";
import { hasCode } from "../../lib/errors.ts";
import { run } from "../../lib/exec/run.ts";

const architecture = process.arch === "arm64" ? "arm64" : "amd64";

/** With two stand-ins for the built programs; undefined where there is nothing to make it with. */
async function makeRepository(t: Test): Promise<string | undefined> {
  const folder = t.testdir({ programs: { tailscale: "the client", tailscaled: "the daemon" } });
  const at = (name: string) => path.join(folder, "programs", name);
  const programs = { tailscale: at("tailscale"), tailscaled: at("tailscaled") };
  const components = { programs, versions: { tailscaled: "v1.86.5" } };
  const options = { components, cacheFolder: path.join(folder, "cache") };
  try {
    const repository = await ensureRepository(options);
    t.equal(await ensureRepository(options), repository, "the second time it is there");
    t.strictSame(readdirSync(options.cacheFolder), [path.basename(repository)]);
    return repository;
  } catch (error) {
    if (!hasCode(error, "EXEC_MISSING")) throw error;
    t.comment("skipped: needs dpkg-deb, gpg and gpg-agent");
    return undefined;
  }
}

/** Whether gpg takes the signature for one by the key that lies beside it. */
async function verify(repository: string, ...files: string[]): Promise<boolean> {
  const home = mkdtempSync(path.join(tmpdir(), "infra-k3s-test-"));
  const gpg = ["gpg", "--homedir", home, "--batch", "--quiet", "--no-autostart"] as const;
  try {
    await run([...gpg, "--import", path.join(repository, repositoryKeyFile)]);
    const whole = files.map((file) => path.join(repository, "dists/bookworm", file));
    const { code } = await run([...gpg, "--verify", ...whole], { allowedCodes: [0, 1, 2] });
    return code === 0;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

t.test("a package with the programs, in an index that is signed", async (t) => {
  const repository = await makeRepository(t);
  if (repository === undefined) return;
  const read = (file: string) => readFileSync(path.join(repository, file), "utf8");
  const index = `main/binary-${architecture}/Packages`;
  const packages = read(`dists/bookworm/${index}`);
  const sum = createHash("sha256").update(packages).digest("hex");
  t.match(read("dists/bookworm/InRelease"), ` ${sum} ${packages.length} ${index}\n`);
  t.ok(await verify(repository, "InRelease"));
  t.ok(await verify(repository, "Release.gpg", "Release"));

  const [, file = ""] = /^Filename: (.*)$/m.exec(packages) ?? [];
  t.equal(file, `pool/tailscale_1.86.5_${architecture}.deb`);
  const deb = path.join(repository, file);
  const debSum = createHash("sha256").update(readFileSync(deb)).digest("hex");
  t.match(packages, `SHA256: ${debSum}\n`);
  const { stdout: list } = await run(["dpkg-deb", "--contents", deb]);
  t.match(list, /^-rwxr-xr-x root\/root +10 .* \.\/usr\/bin\/tailscale$/m);
  t.match(list, /^-rwxr-xr-x root\/root +10 .* \.\/usr\/sbin\/tailscaled$/m);
  t.match(list, /^-rw-r--r-- .* \.\/usr\/lib\/systemd\/system\/tailscaled\.service$/m);
  t.match(list, /^-rw-r--r-- .* \.\/etc\/default\/tailscaled$/m);
  const { stdout: info } = await run(["dpkg-deb", "--info", deb]);
  for (const script of ["postinst", "postrm", "prerm"]) {
    t.match(info, new RegExp(`^ .* \\* +${script} +#!/bin/sh$`, "m"));
  }

  const release = path.join(repository, "dists/bookworm/Release");
  writeFileSync(release, read("dists/bookworm/Release").replace("amd64", "other"));
  if (architecture === "amd64") t.notOk(await verify(repository, "Release.gpg", "Release"));
});

t.test("the key that has signed is nowhere any more", async (t) => {
  const homes = () => readdirSync(tmpdir()).filter((name) => name.startsWith("infra-k3s-key-"));
  const before = homes();
  const repository = await makeRepository(t);
  if (repository === undefined) return;
  t.strictSame(
    homes().filter((name) => !before.includes(name)),
    [],
  );
  const names = readdirSync(repository, { recursive: true, encoding: "utf8" });
  for (const name of names.filter((one) => /\.(asc|gpg)$|Release$/.test(one))) {
    t.notMatch(readFileSync(path.join(repository, name), "utf8"), "PRIVATE KEY", name);
  }
  t.ok(names.includes(repositoryKeyFile));
});

t.test("a program that was not built is a defect", async (t) => {
  const components = { programs: { tailscale: "/bin/true" }, versions: {} };
  await t.rejects(
    ensureRepository({ components, cacheFolder: t.testdir({}) }),
    /tailscaled was not/,
  );
});
