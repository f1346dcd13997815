// Package settings reads the command line, the environment and config.yaml as k3s documents them
// (https://docs.k3s.io/installation/configuration).
package settings

// Role is the command that the settings are for.
type Role string

const (
	Server Role = "server"
	Agent  Role = "agent"
)

type kind int

const (
	text kind = iota
	toggle
	// A list's values may also stand in one, with commas between them.
	list
	// A program's own arguments may have commas in them.
	arguments
)

type flag struct {
	name       string
	short      string
	env        string
	kind       kind
	serverOnly bool
	// idle is what k3s has and this stand-in accepts without effect.
	idle bool
}

var flags = concat(
	[]flag{
		{name: "config", short: "c", env: "K3S_CONFIG_FILE"},
		{name: "token", short: "t", env: "K3S_TOKEN"},
		{name: "token-file", env: "K3S_TOKEN_FILE"},
		{name: "server", short: "s", env: "K3S_URL"},
		{name: "data-dir", short: "d", env: "K3S_DATA_DIR"},
		{name: "node-name", env: "K3S_NODE_NAME"},
		{name: "node-label", kind: list},
		{name: "node-taint", kind: list},
		{name: "node-ip", short: "i", kind: list},
		{name: "node-external-ip", kind: list},
		{name: "flannel-iface"},
		{name: "resolv-conf", env: "K3S_RESOLV_CONF"},
		{name: "pause-image"},
		{name: "kubelet-arg", kind: arguments},
		{name: "kube-proxy-arg", kind: arguments},
		{name: "debug", kind: toggle, env: "K3S_DEBUG"},
	},
	serverFlags(
		flag{name: "bind-address"},
		flag{name: "https-listen-port"},
		flag{name: "advertise-address"},
		flag{name: "tls-san", kind: list},
		flag{name: "cluster-cidr", kind: list},
		flag{name: "service-cidr", kind: list},
		flag{name: "cluster-dns", kind: list},
		flag{name: "cluster-domain"},
		flag{name: "flannel-backend"},
		flag{name: "write-kubeconfig", short: "o", env: "K3S_KUBECONFIG_OUTPUT"},
		flag{name: "write-kubeconfig-mode", env: "K3S_KUBECONFIG_MODE"},
		flag{name: "agent-token", env: "K3S_AGENT_TOKEN"},
		flag{name: "agent-token-file", env: "K3S_AGENT_TOKEN_FILE"},
		flag{name: "cluster-init", kind: toggle, env: "K3S_CLUSTER_INIT"},
		flag{name: "secrets-encryption", kind: toggle},
		flag{name: "default-local-storage-path"},
		flag{name: "disable", kind: list},
		flag{name: "disable-kube-proxy", kind: toggle},
		flag{name: "kube-apiserver-arg", kind: arguments},
		flag{name: "kube-controller-manager-arg", kind: arguments},
		flag{name: "kube-scheduler-arg", kind: arguments},
		flag{name: "etcd-arg", kind: arguments},
		// Of `k3s etcd-snapshot`: the server itself makes no snapshots.
		flag{name: "etcd-snapshot-dir"},
	),
	idleFlags(text, false, "v", "vmodule", "log", "alsologtostderr", "image-credential-provider-bin-dir",
		"image-credential-provider-config", "lb-server-port", "container-runtime-endpoint", "snapshotter",
		"private-registry", "flannel-conf", "flannel-cni-conf", "vpn-auth", "vpn-auth-file"),
	idleFlags(toggle, false, "with-node-id", "selinux", "protect-kernel-defaults", "rootless",
		"prefer-bundled-bin", "docker", "enable-pprof", "disable-apiserver-lb",
		"disable-default-registry-endpoint", "nonroot-devices"),
	idleFlags(list, false, "airgap-extra-registry", "node-internal-dns", "node-external-dns"),
	idleFlags(text, true, "advertise-port", "service-node-port-range", "egress-selector-mode",
		"servicelb-namespace", "write-kubeconfig-group", "helm-job-image", "cluster-reset-restore-path",
		"datastore-endpoint", "datastore-cafile", "datastore-certfile", "datastore-keyfile",
		"etcd-snapshot-name", "etcd-snapshot-schedule-cron", "etcd-snapshot-retention",
		"etcd-snapshot-reconcile-interval", "etcd-s3-endpoint", "etcd-s3-endpoint-ca",
		"etcd-s3-access-key", "etcd-s3-secret-key", "etcd-s3-session-token", "etcd-s3-bucket",
		"etcd-s3-bucket-lookup-type", "etcd-s3-region", "etcd-s3-folder", "etcd-s3-proxy",
		"etcd-s3-config-secret", "etcd-s3-retention", "etcd-s3-timeout", "system-default-registry",
		"secrets-encryption-provider"),
	idleFlags(toggle, true, "tls-san-security", "flannel-ipv6-masq", "flannel-external-ip", "cluster-reset",
		"etcd-expose-metrics", "etcd-disable-snapshots", "etcd-snapshot-compress", "etcd-s3",
		"etcd-s3-skip-ssl-verify", "etcd-s3-insecure", "disable-scheduler", "disable-cloud-controller",
		"disable-network-policy", "disable-helm-controller", "disable-apiserver",
		"disable-controller-manager", "disable-etcd", "disable-agent", "embedded-registry",
		"supervisor-metrics", "kine-tls"),
	idleFlags(arguments, true, "kube-cloud-controller-manager-arg"),
)

func serverFlags(ones ...flag) []flag {
	for index := range ones {
		ones[index].serverOnly = true
	}
	return ones
}

func idleFlags(of kind, serverOnly bool, names ...string) []flag {
	var ones []flag
	for _, name := range names {
		ones = append(ones, flag{name: name, kind: of, serverOnly: serverOnly, idle: true})
	}
	return ones
}

func concat(lists ...[]flag) []flag {
	var all []flag
	for _, one := range lists {
		all = append(all, one...)
	}
	return all
}

func (role Role) find(name string) (flag, bool) {
	for _, one := range flags {
		if (one.name == name || one.short == name) && (role == Server || !one.serverOnly) {
			return one, true
		}
	}
	return flag{}, false
}
