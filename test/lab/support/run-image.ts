import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { run, type RunResult } from "../../../lib/exec/run.ts";

/** What an image says of the process that is to run in it. */
interface Process {
  args?: string[];
  env: string[];
  cwd: string;
  user: { uid: number; gid: number };
}

export interface RunOptions {
  /** Instead of the image's own entrypoint. */
  command?: readonly string[];
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
}

/** Unpacks the images of an archive below `folder`, as a container runtime would, by their tags. */
export async function unpackImages(
  umoci: string,
  archive: string,
  tags: readonly string[],
  folder: string,
): Promise<string[]> {
  const layout = path.join(folder, "layout");
  await mkdir(layout);
  await run(["tar", "-xf", archive, "-C", layout]);
  const bundles = tags.map(async (tag) => {
    const bundle = path.join(folder, tag);
    await run([umoci, "unpack", "--image", `${layout}:${tag}`, bundle]);
    return bundle;
  });
  return await Promise.all(bundles);
}

/**
 * Runs a program in an unpacked image as its user, read-only but for /tmp, as a pod of Argo CD does,
 * without a network, and ends with it whatever it has started; any code is an answer.
 */
export async function runImage(bundle: string, options: RunOptions): Promise<RunResult> {
  const config = readFileSync(path.join(bundle, "config.json"), "utf8");
  const { process: main } = JSON.parse(config) as { process: Process };
  const { command = main.args ?? [], args = [], env = {} } = options;
  const root = path.join(bundle, "rootfs");
  const script = `set -e
    ip link set lo up
    mkdir -p "$0/dev" "$0/proc" "$0/tmp"
    mount --bind "$0" "$0"
    mount --rbind /dev "$0/dev"
    mount -t proc proc "$0/proc"
    mount -o mode=1777 -t tmpfs tmp "$0/tmp"
    mount -o remount,bind,ro "$0"
    exec env -i "\${@:5:$4}" unshare --root="$0" --wd="$1" --setgid="$2" --setuid="$3" "\${@:5+$4}"`;
  const user = [`${main.user.gid}`, `${main.user.uid}`];
  const all = [...main.env, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
  const inside = [root, main.cwd, ...user, `${all.length}`, ...all, ...command, ...args];
  return await run(
    ["unshare", "--mount", "--pid", "--net", "--fork", "bash", "-c", script, ...inside],
    {
      allowedCodes: Array.from({ length: 256 }, (_, code) => code),
      timeoutSeconds: 60,
    },
  );
}
