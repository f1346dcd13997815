import type { ComponentGroup } from "./component-group.ts";

export const etcd: ComponentGroup = {
  name: "etcd",
  programs: [
    {
      file: "etcd",
      package: "go.etcd.io/etcd/server/v3",
      module: "go.etcd.io/etcd/server/v3",
      answers: { etcd: { args: ["--version"], says: "etcd Version: {number}" } },
    },
    {
      // Reads and restores snapshots. No part of the release: k3s has it as a library.
      file: "etcdutl",
      package: "go.etcd.io/etcd/etcdutl/v3",
      module: "go.etcd.io/etcd/etcdutl/v3",
      answers: { etcdutl: { args: ["version"], says: "etcdutl version: {number}" } },
    },
  ],
};
