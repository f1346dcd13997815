/** What a drill has to reach; the reasons stand beside the checks that use them. */
export const bounds = {
  /** Of the bytes of the first backup, what the second one may upload. */
  secondBackupShare: 0.1,
  /** Less data than this proves nothing about speed. */
  databaseBytes: 200_000_000,
  /** Seconds from proof to Ready, beside the database's own start. */
  proofToReady: 3,
  /** A restore pod may take so many times kopia's own restore, and so many seconds more. */
  restoreFactor: 1.5,
  restoreExtra: 4,
  killToReport: 120,
  /** From Ready nodes to a cluster that is what Git says, the shop's database filled. */
  gitops: 180,
  /** With nothing to build. */
  whole: 300,
  /** Orders that have to be there for the checks of lost ones to mean something. */
  ordersBefore: 100,
  ordersAfter: 10,
  /** How long before the kill the till may have had its last confirmation. */
  tillSilence: 2,
} as const;
