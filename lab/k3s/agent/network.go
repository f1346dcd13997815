package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/flannel-io/flannel/pkg/backend"
	// Each of them makes itself known to the backends' manager.
	_ "github.com/flannel-io/flannel/pkg/backend/hostgw"
	_ "github.com/flannel-io/flannel/pkg/backend/vxlan"
	_ "github.com/flannel-io/flannel/pkg/backend/wireguard"
	"github.com/flannel-io/flannel/pkg/ip"
	"github.com/flannel-io/flannel/pkg/ipmatch"
	"github.com/flannel-io/flannel/pkg/subnet/kube"
	"github.com/flannel-io/flannel/pkg/trafficmngr/iptables"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	annotationPrefix = "flannel.alpha.coreos.com"
	subnetFile       = "/run/flannel/subnet.env"
	ruleResync       = 60
)

// flannelTypes are flannel's own names of what k3s calls its backends.
var flannelTypes = map[string]string{
	"vxlan":            "vxlan",
	"host-gw":          "host-gw",
	"wireguard-native": "wireguard",
}

// startNetwork runs flannel within this process, as k3s does, and returns when pods can be started.
func (options Options) startNetwork(ctx context.Context) error {
	config, err := options.writeFlannelConfig()
	if err != nil {
		return err
	}
	if err := options.waitForSubnet(ctx); err != nil {
		return err
	}
	family, err := ipmatch.GetIPFamily(true, false)
	if err != nil {
		return err
	}
	link, err := ipmatch.LookupExtIface(options.Values.Text("flannel-iface"), "", "", family, ipmatch.PublicIPOpts{})
	if err != nil {
		return err
	}
	// The only way to tell flannel, when it does not run in a pod.
	if err := os.Setenv("NODE_NAME", options.Node.Name); err != nil {
		return err
	}
	manager, err := kube.NewSubnetManager(ctx, "", options.kubeconfig("k3s-controller"), annotationPrefix, config, false)
	if err != nil {
		return err
	}
	network, err := manager.GetNetworkConfig(ctx)
	if err != nil {
		return err
	}
	chosen, err := backend.NewManager(ctx, manager, link).GetBackend(network.BackendType)
	if err != nil {
		return err
	}
	registered, err := chosen.RegisterNetwork(ctx, &sync.WaitGroup{}, network)
	if err != nil {
		return err
	}
	rules := &iptables.IPTablesManager{}
	if err := rules.Init(ctx); err != nil {
		return err
	}
	lease := registered.Lease()
	if err := rules.SetupAndEnsureMasqRules(ctx, network.Network, lease.Subnet, network.Network,
		network.IPv6Network, lease.IPv6Subnet, network.IPv6Network, lease, ruleResync, false); err != nil {
		return err
	}
	rules.SetupAndEnsureForwardRules(ctx, network.Network, network.IPv6Network, ruleResync)
	if err := os.MkdirAll(filepath.Dir(subnetFile), 0o755); err != nil {
		return err
	}
	if err := manager.HandleSubnetFile(subnetFile, network, true, lease.Subnet, lease.IPv6Subnet, registered.MTU()); err != nil {
		return err
	}
	go registered.Run(ctx)
	go func() {
		if err := manager.CompleteLease(ctx, lease, &sync.WaitGroup{}); err != nil && ctx.Err() == nil {
			slog.Error("flannel's lease ended", "error", err)
		}
	}()
	return options.writeCNIConfig(lease.Subnet, registered.MTU())
}

func (options Options) writeFlannelConfig() (string, error) {
	name := flannelTypes[options.Cluster.FlannelBackend]
	if name == "" {
		return "", fmt.Errorf("unknown flannel backend %q", options.Cluster.FlannelBackend)
	}
	chosen := map[string]any{"Type": name}
	if name == "wireguard" {
		chosen["PersistentKeepaliveInterval"] = 25
	}
	data, err := json.Marshal(map[string]any{
		"Network": options.Cluster.ClusterCIDR, "EnableIPv4": true, "EnableIPv6": false, "Backend": chosen,
	})
	if err != nil {
		return "", err
	}
	file := options.agentFile("etc/flannel/net-conf.json")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return "", err
	}
	return file, os.WriteFile(file, data, 0o644)
}

// waitForSubnet waits until the controller manager has given the node a subnet, and this process may
// read it.
func (options Options) waitForSubnet(ctx context.Context) error {
	client, err := newClient(options.kubeconfig("k3s-controller"))
	if err != nil {
		return err
	}
	for {
		nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + options.Node.Name})
		if err == nil && len(nodes.Items) == 1 && nodes.Items[0].Spec.PodCIDR != "" {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// writeCNIConfig is what the flannel plugin would hand on to the bridge plugin.
func (options Options) writeCNIConfig(subnet ip.IP4Net, mtu int) error {
	data, err := json.MarshalIndent(map[string]any{
		"name":       "cbr0",
		"cniVersion": "1.0.0",
		"plugins": []map[string]any{
			{
				"type":             "bridge",
				"bridge":           "cni0",
				"isDefaultGateway": true,
				"forceAddress":     true,
				"hairpinMode":      true,
				"ipMasq":           false,
				"mtu":              mtu,
				"ipam": map[string]any{
					"type":   "host-local",
					"ranges": [][]map[string]string{{{"subnet": subnet.String()}}},
					"routes": []map[string]string{{"dst": options.Cluster.ClusterCIDR}},
				},
			},
			{"type": "portmap", "capabilities": map[string]bool{"portMappings": true}},
		},
	}, "", "  ")
	if err != nil {
		return err
	}
	file := filepath.Join(options.cniFolder(), "10-flannel.conflist")
	if err := os.WriteFile(file+".new", data, 0o644); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}
