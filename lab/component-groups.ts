import type { Answer, ComponentGroup } from "./component-group.ts";
import { etcd } from "./etcd-group.ts";
import { externalDns } from "./external-dns-group.ts";
import { argocd, ksops, kustomize } from "./gitops-groups.ts";
import { headscale, tailscale } from "./mesh/component-groups.ts";
import { opentofu } from "./opentofu-group.ts";
import { sops } from "./sops-group.ts";
import { velero } from "./velero-group.ts";

const kubernetesVersion: Answer = { args: ["--version"], says: "Kubernetes {version}" };

const kubernetes: ComponentGroup = {
  name: "kubernetes",
  programs: [
    {
      file: "kubernetes",
      package: ".",
      module: "k8s.io/kubernetes",
      versionSuffix: "+k3s1",
      // Without them a kubelet reports v0.0.0. client-go's copy is what the user agent says.
      stamps: {
        "k8s.io/component-base/version.gitVersion": "{version}",
        "k8s.io/component-base/version.gitMajor": "{major}",
        "k8s.io/component-base/version.gitMinor": "{minor}",
        "k8s.io/client-go/pkg/version.gitVersion": "{version}",
        "k8s.io/client-go/pkg/version.gitMajor": "{major}",
        "k8s.io/client-go/pkg/version.gitMinor": "{minor}",
      },
      aliases: [
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kubelet",
        "kube-proxy",
        "kubectl",
      ],
      answers: {
        "kube-apiserver": kubernetesVersion,
        "kube-controller-manager": kubernetesVersion,
        "kube-scheduler": kubernetesVersion,
        kubelet: kubernetesVersion,
        "kube-proxy": kubernetesVersion,
        kubectl: { args: ["version", "--client"], says: "Client Version: {version}" },
      },
    },
  ],
};

const containerdModule = "github.com/containerd/containerd/v2";
const containerdStamps = { [`${containerdModule}/version.Version`]: "{version}" };

const containerd: ComponentGroup = {
  name: "containerd",
  programs: [
    {
      file: "containerd",
      package: `${containerdModule}/cmd/containerd`,
      module: containerdModule,
      stamps: containerdStamps,
      answers: { containerd: { args: ["--version"], says: `${containerdModule} {version}` } },
    },
    {
      file: "containerd-shim-runc-v2",
      package: `${containerdModule}/cmd/containerd-shim-runc-v2`,
      module: containerdModule,
      stamps: containerdStamps,
      answers: { "containerd-shim-runc-v2": { args: ["-v"], says: "Version:  {version}" } },
    },
    {
      file: "ctr",
      package: `${containerdModule}/cmd/ctr`,
      module: containerdModule,
      stamps: containerdStamps,
      answers: { ctr: { args: ["--version"], says: `${containerdModule} {version}` } },
    },
  ],
};

const coredns: ComponentGroup = {
  name: "coredns",
  programs: [
    {
      file: "coredns",
      package: ".",
      module: "github.com/coredns/coredns",
      answers: { coredns: { args: ["-version"], says: "CoreDNS-{number}" } },
    },
  ],
};

const cniModule = "github.com/containernetworking/plugins";

const cniPlugins: ComponentGroup = {
  name: "cni-plugins",
  programs: ["main/bridge", "ipam/host-local", "main/loopback", "meta/portmap", "main/ptp"].map(
    (folder) => {
      const file = folder.slice(folder.indexOf("/") + 1);
      return {
        file,
        package: `${cniModule}/plugins/${folder}`,
        module: cniModule,
        stamps: { [`${cniModule}/pkg/utils/buildversion.BuildVersion`]: "{version}" },
        answers: { [file]: { args: [], says: `CNI ${file} plugin {version}` } },
      };
    },
  ),
};

const localPathProvisioner: ComponentGroup = {
  name: "local-path-provisioner",
  programs: [
    {
      file: "local-path-provisioner",
      package: "github.com/rancher/local-path-provisioner",
      module: "github.com/rancher/local-path-provisioner",
      stamps: { "main.VERSION": "{version}" },
      answers: { "local-path-provisioner": { args: ["--version"], says: "version {version}" } },
    },
  ],
};

const versitygw: ComponentGroup = {
  name: "versitygw",
  programs: [
    {
      file: "versitygw",
      package: "github.com/versity/versitygw/cmd/versitygw",
      module: "github.com/versity/versitygw",
      stamps: { "main.Version": "{version}" },
      answers: { versitygw: { args: ["--version"], says: "{version}" } },
    },
  ],
};

/** Our own: the k3s command without the programs that it runs, and what packs them together. */
const k3s: ComponentGroup = {
  name: "k3s",
  folder: "k3s",
  programs: [
    {
      file: "k3s-program",
      package: ".",
      module: "github.com/flannel-io/flannel",
      answers: { "k3s-program": { args: ["help"], says: "k3s stand-in of the lab" } },
    },
    {
      file: "pack-k3s",
      package: "./pack",
      module: "github.com/flannel-io/flannel",
      answers: { "pack-k3s": { args: [], says: "pack-k3s: --program", exitCode: 1 } },
    },
    {
      // The process that keeps the namespaces of a pod.
      file: "pause",
      package: "./pause",
      module: "github.com/flannel-io/flannel",
      answers: { pause: { args: ["--version"], says: "pause of the lab" } },
    },
  ],
};

/** Makes images without a registry or a daemon. */
const umoci: ComponentGroup = {
  name: "umoci",
  programs: [
    {
      file: "umoci",
      package: "github.com/opencontainers/umoci/cmd/umoci",
      module: "github.com/opencontainers/umoci",
      answers: { umoci: { args: ["--version"], says: "umoci version {number}" } },
    },
  ],
};

/** What `npm run bench:validate` compares with. */
const kubeconform: ComponentGroup = {
  name: "kubeconform",
  onDemand: true,
  programs: [
    {
      file: "kubeconform",
      package: "github.com/yannh/kubeconform/cmd/kubeconform",
      module: "github.com/yannh/kubeconform",
      stamps: { "main.version": "{version}" },
      answers: { kubeconform: { args: ["-v"], says: "{version}" } },
    },
  ],
};

/** In the order they are built in. */
export const componentGroups: readonly ComponentGroup[] = [
  kubernetes,
  containerd,
  etcd,
  coredns,
  cniPlugins,
  velero,
  localPathProvisioner,
  versitygw,
  umoci,
  k3s,
  tailscale,
  headscale,
  sops,
  ksops,
  kustomize,
  argocd,
  externalDns,
  kubeconform,
  opentofu,
];
