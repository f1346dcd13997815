// Package agent runs what a node of the cluster runs, with containerd and the kubelet as upstream
// made them.
package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"

	"infra-k3s/lab/k3s/settings"
	"infra-k3s/lab/k3s/token"
)

// passwordFile outlives the data folder, so that nobody else can take the node's name.
const passwordFile = "/etc/rancher/node/password"

// Node is this machine as the cluster knows it.
type Node struct {
	Name        string
	IPs         []string
	ExternalIPs []string
	Labels      []string
	Taints      []string
}

// ReadNode takes a node's name and addresses from the settings, or else from the machine.
func ReadNode(values settings.Values) (Node, error) {
	hostname, err := os.Hostname()
	if err != nil {
		return Node{}, err
	}
	node := Node{
		Name:        strings.ToLower(values.TextOr("node-name", hostname)),
		IPs:         values.List("node-ip"),
		ExternalIPs: values.List("node-external-ip"),
		Labels:      values.List("node-label"),
		Taints:      values.List("node-taint"),
	}
	if len(node.IPs) == 0 {
		address, err := findAddress()
		if err != nil {
			return Node{}, err
		}
		node.IPs = []string{address}
	}
	for _, address := range append(node.IPs, node.ExternalIPs...) {
		if net.ParseIP(address) == nil {
			return Node{}, fmt.Errorf("invalid node-ip or node-external-ip: %s", address)
		}
	}
	return node, nil
}

// findAddress is the address that packets to the rest of the world would come from; none is sent.
func findAddress() (string, error) {
	connection, err := net.Dial("udp4", "192.0.2.1:9")
	if err != nil {
		return "", fmt.Errorf("no default route, so node-ip has to be set: %w", err)
	}
	defer connection.Close()
	address, isUDP := connection.LocalAddr().(*net.UDPAddr)
	if !isUDP {
		return "", errors.New("no address of this machine found, so node-ip has to be set")
	}
	return address.IP.String(), nil
}

// EnsurePassword reads what this machine keeps its name with, and makes it when there is none.
func EnsurePassword() (string, error) {
	data, err := os.ReadFile(passwordFile)
	if err == nil {
		return strings.TrimSpace(string(data)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(passwordFile), 0o755); err != nil {
		return "", err
	}
	password := token.NewSecret()
	return password, os.WriteFile(passwordFile, []byte(password+"\n"), 0o600)
}
