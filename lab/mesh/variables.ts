import { buildComponents } from "../build-components.ts";
import type { Components } from "../build-components.ts";
import { renderBuildEvent } from "../build-progress.ts";
import type { LabPaths } from "../paths.ts";
import type { Progress } from "../progress.ts";
import { findFileUrl, serverUrls } from "../servers.ts";
import { createAuthKey } from "./coordinator.ts";
import { meshTag } from "./headscale.ts";
import { ensureRepository, repositoryKeyFile, repositorySuite } from "./repository.ts";

/** What the role `tailscale` is told of the lab's mesh. */
export interface MeshVariables {
  /** As deb822_repository of Ansible takes it, but for the key. */
  tailscale_repository: { uris: string; suites: string; components: string; key_url: string };
  tailscale_login_server: string;
  /** A secret: write it to a file for its owner only. */
  tailscale_auth_key: string;
  tailscale_tags: string[];
}

export interface MeshOptions {
  progress: Progress;
  signal?: AbortSignal;
}

/** The programs of tailscale out of the cache, or built now. Throws what buildComponents throws. */
export async function buildTailscale({ progress, signal }: MeshOptions): Promise<Components> {
  return await buildComponents({
    only: ["tailscale"],
    ...(signal === undefined ? {} : { signal }),
    onEvent(event) {
      const line = renderBuildEvent(event);
      if (line !== undefined) progress.say(line.trim());
    },
  });
}

/**
 * The variables of the role `tailscale` for the lab's hosts, with a new key for all of them that is
 * good for an hour; first makes the repository that they name, if there is none. The lab's servers
 * must run. Throws what buildTailscale, ensureRepository and createAuthKey throw.
 */
export async function planMeshVariables(
  paths: LabPaths,
  options: MeshOptions,
): Promise<MeshVariables> {
  const repository = await ensureRepository({ components: await buildTailscale(options) });
  const authKey = await createAuthKey(paths, { reusable: true, tags: [meshTag] });
  return renderMeshVariables(repository, authKey);
}

/** The variables for a repository in the cache and a key. */
export function renderMeshVariables(repository: string, authKey: string): MeshVariables {
  return {
    tailscale_repository: {
      uris: findFileUrl(repository),
      suites: repositorySuite.suite,
      components: repositorySuite.component,
      key_url: findFileUrl(repository, repositoryKeyFile),
    },
    tailscale_login_server: serverUrls.mesh,
    tailscale_auth_key: authKey,
    tailscale_tags: [meshTag],
  };
}
