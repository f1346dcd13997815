import t from "tap";
import { renderControl, renderPackages, renderRelease } from "../../lab/mesh/debian-index.ts";

t.test("the index of a package", async (t) => {
  const control = renderControl({ version: "1.86.5", architecture: "arm64", bytes: 2049 });
  t.match(control, /^Package: tailscale\nVersion: 1\.86\.5\nArchitecture: arm64\n/);
  t.match(control, /^Installed-Size: 3$/m, "in units of 1024 bytes, rounded up (deb-control(5))");
  const packages = renderPackages(control, { path: "pool/a.deb", bytes: 7, sha256: "ab" });
  t.equal(packages, `${control}Filename: pool/a.deb\nSize: 7\nSHA256: ab\n`);
  t.notMatch(packages, /\n\n/, "an empty line would end the stanza");
});

t.test("the index that is signed", async (t) => {
  const indexes = [{ path: "main/binary-amd64/Packages", bytes: 12, sha256: "cd" }];
  const date = new Date("2026-11-24T18:06:12Z");
  const release = { suite: "bookworm", component: "main", architecture: "amd64", date, indexes };
  t.equal(
    renderRelease(release),
    [
      "Origin: infra-k3s lab",
      "Label: infra-k3s lab",
      "Suite: bookworm",
      "Codename: bookworm",
      "Date: Tue, 24 Nov 2026 18:06:12 UTC",
      "Architectures: amd64",
      "Components: main",
      "SHA256:",
      " cd 12 main/binary-amd64/Packages",
      "",
    ].join("\n"),
  );
});
