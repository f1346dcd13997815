import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { parse, parseAllDocuments } from "yaml";
import { addresses, upstreamHost } from "../../lab/host-list.ts";
import { backupBucket, serverUrls } from "../../lab/servers.ts";
import { repositoryRoot } from "../../lib/config/paths.ts";
import { listGitFiles } from "../../lib/exec/git.ts";

const overlays = path.join(repositoryRoot, "lab/gitops");

function read(file: string): string {
  return readFileSync(path.join(overlays, file), "utf8");
}

t.test("the overlays name the lab's own servers", async (t) => {
  const urls = read("repository/kustomization.yaml").match(/https:\S+/g);
  t.strictSame(urls, [serverUrls.git, serverUrls.git]);
  t.match(parse(read("velero/location.yaml")), {
    spec: { objectStorage: { bucket: backupBucket }, config: { s3Url: serverUrls.s3 } },
  });
  t.match(parse(read("external-dns/cloudflare.yaml")), {
    spec: {
      template: {
        spec: {
          containers: [{ env: [{ name: "CLOUDFLARE_BASE_URL", value: serverUrls.cloudflare }] }],
        },
      },
    },
  });
  t.match(parse(read("bootstrap/argocd.yaml")), {
    spec: {
      template: {
        spec: { hostAliases: [{ ip: addresses.servers, hostnames: [upstreamHost] }] },
      },
    },
  });
});

t.test("nothing that the cluster is declared by knows of the lab", async (t) => {
  const files = (await listGitFiles(repositoryRoot)).filter((file) =>
    /^(?:kubernetes|config\/(?:velero|argocd))\//.test(file),
  );
  t.ok(files.length > 30);
  for (const file of files) {
    const text = readFileSync(path.join(repositoryRoot, file), "utf8");
    t.notMatch(text, /172\.31\.|lab\/|infra-k3s-lab/, file);
  }
});

t.test(
  "every Application of the infrastructure is there in the lab, or said to be absent",
  async (t) => {
    const infrastructure = path.join(
      repositoryRoot,
      "kubernetes/infrastructure/kustomization.yaml",
    );
    const { resources } = parse(readFileSync(infrastructure, "utf8")) as { resources: string[] };
    const names = resources.map((file) => path.dirname(file));
    const text = read("infrastructure/kustomization.yaml");
    const [overlay] = parseAllDocuments(text).map(
      (one) => one.toJS() as { patches: { patch: string; target?: { name: string } }[] },
    );
    const absent = (overlay?.patches ?? []).flatMap(({ patch }) => {
      if (!patch.includes("$patch: delete")) return [];
      return [(parse(patch) as { metadata: { name: string } }).metadata.name];
    });
    const present = readdirSync(overlays);
    for (const name of names) t.ok(absent.includes(name) !== present.includes(name), name);
  },
);
