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
  tailscale_tags: string[];
}

/** How long the key in the vault of the lab's inventory is good for; a lab is no older. */
const keySeconds = 90 * 86_400;

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
 * The variables of the role `tailscale` for the lab's hosts; first makes the repository that they
 * name, if there is none. Throws what ensureRepository throws.
 */
export async function planMeshVariables(
  components: Pick<Components, "programs" | "versions">,
): Promise<MeshVariables> {
  return renderMeshVariables(await ensureRepository({ components }));
}

/** A key that all hosts may join with. A secret. The lab's servers must run. Throws as createAuthKey. */
export async function createHostKey(paths: LabPaths): Promise<string> {
  return await createAuthKey(paths, {
    reusable: true,
    tags: [meshTag],
    expirationSeconds: keySeconds,
  });
}

/** The variables for a repository in the cache. */
export function renderMeshVariables(repository: string): MeshVariables {
  return {
    tailscale_repository: {
      uris: findFileUrl(repository),
      suites: repositorySuite.suite,
      components: repositorySuite.component,
      key_url: findFileUrl(repository, repositoryKeyFile),
    },
    tailscale_login_server: serverUrls.mesh,
    tailscale_tags: [meshTag],
  };
}
