import { writeFileSync } from "node:fs";
import path from "node:path";
import type { Test } from "tap";
import { connectCluster, type ConnectOptions } from "../../lib/cluster/connect.ts";
import type { Cluster } from "../../lib/world.ts";
import { type FakeKubeApi, renderKubeconfig, startFakeKubeApi } from "./fake-kube-api.ts";

/** A fake API server for the length of a test, and the real adapter connected to it. */
export async function connectFake(
  t: Test,
  options: Partial<ConnectOptions> = {},
): Promise<{ fake: FakeKubeApi; cluster: Cluster }> {
  const fake = await startFakeKubeApi();
  t.teardown(() => fake.close());
  const kubeconfig = path.join(t.testdir({}), "config");
  writeFileSync(kubeconfig, renderKubeconfig({ server: fake.url }));
  return { fake, cluster: await connectCluster({ kubeconfig, ...options }) };
}
