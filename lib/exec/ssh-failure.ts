import type { LoginFailure } from "../world.ts";

/**
 * What OpenSSH's client says, the most telling line first; it ends with 255 for all of them
 * (openssh-portable: sshconnect.c, sshconnect2.c, authfile.c).
 */
const patterns: readonly [RegExp, LoginFailure][] = [
  [/REMOTE HOST IDENTIFICATION HAS CHANGED/, "host-key-changed"],
  [/Host key verification failed|host key is known for/, "host-key-unknown"],
  // Said of our own key file; the server's refusal that follows is only its consequence.
  [
    /UNPROTECTED PRIVATE KEY FILE|Load key .*(invalid format|error in libcrypto|Permission denied)/,
    "key-unusable",
  ],
  [/Permission denied|Too many authentication failures/, "denied"],
  [/Connection refused/, "closed"],
  [/timed out|No route to host|Network is unreachable|Host is down|Could not resolve/, "silent"],
];

/** Why ssh could not log in, by what it wrote to stderr. */
export function findLoginFailure(stderr: string): LoginFailure {
  return patterns.find(([pattern]) => pattern.test(stderr))?.[1] ?? "other";
}
