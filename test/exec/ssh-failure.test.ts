import t from "tap";
import { findLoginFailure } from "../../lib/exec/ssh-failure.ts";

/** As OpenSSH 9.2 writes them. */
const said: [string, string][] = [
  ["denied", "admin@192.0.2.1: Permission denied (publickey)."],
  ["denied", "Received disconnect from 192.0.2.1 port 22:2: Too many authentication failures"],
  [
    "key-unusable",
    "@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @\nroot@h: Permission denied (publickey).",
  ],
  ["key-unusable", 'Load key "/k": error in libcrypto\nroot@h: Permission denied (publickey).'],
  [
    "host-key-unknown",
    "No ED25519 host key is known for 192.0.2.1 and you have requested strict checking.\nHost key verification failed.",
  ],
  [
    "host-key-changed",
    "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\nHost key verification failed.",
  ],
  ["closed", "ssh: connect to host 192.0.2.1 port 22: Connection refused"],
  ["silent", "ssh: connect to host 192.0.2.1 port 22: Connection timed out"],
  ["silent", "ssh: connect to host 192.0.2.1 port 22: No route to host"],
  ["silent", "ssh: connect to host fd00::1 port 22: Network is unreachable"],
  ["silent", "Connection timed out during banner exchange"],
  ["other", "kex_exchange_identification: Connection closed by remote host"],
  ["other", ""],
];

for (const [failure, stderr] of said) {
  t.equal(findLoginFailure(stderr), failure, stderr.split("\n")[0] || "nothing");
}
