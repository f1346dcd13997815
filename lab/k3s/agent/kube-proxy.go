package agent

import (
	"time"

	"infra-k3s/lab/k3s/process"
)

func (options Options) startKubeProxy() {
	args := []string{
		"--cluster-cidr=" + options.Cluster.ClusterCIDR,
		// The machine's own settings stay: they are not the node's alone.
		"--conntrack-max-per-core=0",
		"--conntrack-tcp-timeout-established=0s",
		"--conntrack-tcp-timeout-close-wait=0s",
		"--healthz-bind-address=127.0.0.1",
		"--hostname-override=" + options.Node.Name,
		"--kubeconfig=" + options.kubeconfig("kube-proxy"),
		"--proxy-mode=iptables",
	}
	options.Group.Keep(process.Program{
		Name:  "kube-proxy",
		Path:  options.program("kube-proxy"),
		Args:  append(args, options.Values.Arguments("kube-proxy-arg")...),
		Grace: 5 * time.Second,
	})
}
