import { hostname, userInfo } from "node:os";

/** Who holds the lock of the cluster, for the message that somebody else gets. */
export function nameHolder(): string {
  return `${userInfo().username}@${hostname()}/${process.pid}`;
}
