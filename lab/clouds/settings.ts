import type { Draft } from "./cloudflare-records.ts";

/** What serve.ts is started with; it holds names of files with secrets, and no secret. */
export interface ServeSettings {
  /** Of this file's contents and of the code; a server of another version is replaced. */
  version: string;
  /** XDG_STATE_HOME of the lab whose hosts are switched. */
  stateHome: string;
  address: string;
  ports: {
    s3: number;
    power: number;
    cloudflare: number;
    dns: number;
    files: number;
    git: number;
    upstreamFiles: number;
    versitygw: number;
    mesh: number;
    stun: number;
  };
  certificate: { key: string; cert: string };
  tokenFile: string;
  cloudflareTokenFile: string;
  /** What Cloudflare's zone has when the servers start. */
  records: readonly Draft[];
  /** A folder with Knot DNS (lab/knot-files.ts), and one for its settings and the zone. */
  dns: { knot: string; folder: string };
  /** As the AWS tools write it, one profile `default`. */
  keysFile: string;
  /** The built program. */
  versitygw: string;
  /** The built program, its settings, and where it answers its own commands; none without a mesh. */
  headscale?: { program: string; config: string; socket: string };
  /** Each folder in it is a bucket. */
  bucketsFolder: string;
  cacheFolder: string;
  /** A folder of bare repositories, and a file with the password of who may read them. */
  git: { folder: string; passwordFile: string };
  /** A folder with what lies at GitHub. */
  upstreamFolder: string;
  controlSocket: string;
}

/** The one zone of the emulated Cloudflare; nobody can own a name in it (RFC 6761, section 6.2). */
export const labZone = "infra-k3s.test";

/** The one user of the Git server. */
export const gitUser = "argocd";

/** The key pair in a credentials file; throws a plain Error, a defect, when there is none. */
export function parseKeys(text: string): { id: string; secret: string } {
  const read = (name: string) => new RegExp(`^${name} *= *(\\S+)$`, "m").exec(text)?.[1];
  const id = read("aws_access_key_id");
  const secret = read("aws_secret_access_key");
  if (id === undefined || secret === undefined) throw new Error("there is no key pair in the file");
  return { id, secret };
}
