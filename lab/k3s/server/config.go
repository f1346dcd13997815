// Package server runs the control plane with the upstream programs, and what k3s has around them.
package server

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"strconv"

	"infra-k3s/lab/k3s/agent"
	"infra-k3s/lab/k3s/bundle"
	"infra-k3s/lab/k3s/settings"
	"infra-k3s/lab/k3s/wire"
)

const (
	loopback = "127.0.0.1"
	// apiAddress is kube-apiserver's own; every other one leads to the gateway.
	apiAddress  = "127.0.0.2"
	etcdAddress = loopback + ":2379"
	defaultPort = "6443"
)

// config is what a server runs with.
type config struct {
	values     settings.Values
	node       agent.Node
	dataFolder string
	programs   string
	images     map[string]string
	cluster    wire.ClusterConfig
	// port is where everybody reaches the API; kube-apiserver itself listens only to this machine.
	port             string
	advertiseAddress string
	serviceAddress   string
	kubeconfig       string
	kubeconfigMode   fs.FileMode
	storagePath      string
}

// packagedComponents may be named by `disable`; those without a manifest here are missing anyway.
var packagedComponents = []string{"coredns", "local-storage", "metrics-server", "runtimes", "servicelb", "traefik"}

func readConfig(values settings.Values, unpacked *bundle.Bundle, dataFolder, programs string) (config, error) {
	if err := refuseMissing(values); err != nil {
		return config{}, err
	}
	node, err := agent.ReadNode(values)
	if err != nil {
		return config{}, err
	}
	services := first(values.List("service-cidr"), "10.43.0.0/16")
	_, serviceNet, err := net.ParseCIDR(services)
	if err != nil {
		return config{}, fmt.Errorf("invalid service-cidr: %w", err)
	}
	pods := first(values.List("cluster-cidr"), "10.42.0.0/16")
	if _, _, err := net.ParseCIDR(pods); err != nil {
		return config{}, fmt.Errorf("invalid cluster-cidr: %w", err)
	}
	mode, err := strconv.ParseUint(values.TextOr("write-kubeconfig-mode", "0600"), 8, 9)
	if err != nil {
		return config{}, fmt.Errorf("invalid write-kubeconfig-mode: %w", err)
	}
	return config{
		values:     values,
		node:       node,
		dataFolder: dataFolder,
		programs:   programs,
		images:     unpacked.Images,
		cluster: wire.ClusterConfig{
			ClusterCIDR:      pods,
			ServiceCIDR:      services,
			ClusterDNS:       first(values.List("cluster-dns"), addressIn(serviceNet, 10)),
			ClusterDomain:    values.TextOr("cluster-domain", "cluster.local"),
			FlannelBackend:   values.TextOr("flannel-backend", "vxlan"),
			DisableKubeProxy: values.IsOn("disable-kube-proxy"),
		},
		port:             values.TextOr("https-listen-port", defaultPort),
		advertiseAddress: values.TextOr("advertise-address", node.IPs[0]),
		serviceAddress:   addressIn(serviceNet, 1),
		kubeconfig:       values.TextOr("write-kubeconfig", "/etc/rancher/k3s/k3s.yaml"),
		kubeconfigMode:   fs.FileMode(mode),
		storagePath:      values.TextOr("default-local-storage-path", filepath.Join(dataFolder, "storage")),
	}, nil
}

// refuseMissing ends what would silently be another cluster than the one asked for.
func refuseMissing(values settings.Values) error {
	for _, name := range []string{"server", "datastore-endpoint", "cluster-reset", "cluster-reset-restore-path", "rootless", "docker"} {
		if value := values.Text(name); value != "" && value != "false" {
			return errors.New("the lab's k3s stand-in has no --" + name)
		}
	}
	return nil
}

func (config config) serverFile(name string) string {
	return filepath.Join(config.dataFolder, "server", name)
}

func (config config) program(name string) string {
	return filepath.Join(config.programs, name)
}

func (config config) localURL() string {
	return fmt.Sprintf("https://%s:%s", apiAddress, config.port)
}

func first(values []string, otherwise string) string {
	if len(values) == 0 {
		return otherwise
	}
	return values[0]
}

// addressIn is the address of that number in an IPv4 network.
func addressIn(network *net.IPNet, number byte) string {
	address := net.IP(append([]byte(nil), network.IP.To4()...))
	address[3] += number
	return address.String()
}
