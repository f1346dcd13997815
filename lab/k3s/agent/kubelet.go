package agent

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"infra-k3s/lab/k3s/process"

	"sigs.k8s.io/yaml"
)

// cgroup2Magic is what statfs(2) says of cgroup v2.
const cgroup2Magic = 0x63677270

const kubeletFolder = "/var/lib/kubelet"

func (options Options) startKubelet() error {
	folder := options.agentFile("etc/kubelet.conf.d")
	resolver, err := options.findResolver()
	if err != nil {
		return err
	}
	taints, err := parseTaints(options.Node.Taints)
	if err != nil {
		return err
	}
	config, err := yaml.Marshal(options.kubeletConfig(resolver, taints))
	if err != nil {
		return err
	}
	for _, one := range []string{folder, options.agentFile("pod-manifests")} {
		if err := os.MkdirAll(one, 0o755); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "00-k3s-defaults.conf"), config, 0o600); err != nil {
		return err
	}
	args := []string{
		"--cloud-provider=external",
		"--config-dir=" + folder,
		"--hostname-override=" + options.Node.Name,
		"--kubeconfig=" + options.kubeconfig("kubelet"),
		"--node-ip=" + strings.Join(options.Node.IPs, ","),
		"--node-labels=" + strings.Join(options.Node.Labels, ","),
		"--read-only-port=0",
		"--root-dir=" + kubeletFolder,
		"--cert-dir=" + filepath.Join(kubeletFolder, "pki"),
	}
	options.Group.Keep(process.Program{
		Name:  "kubelet",
		Path:  options.program("kubelet"),
		Args:  append(args, options.Values.Arguments("kubelet-arg")...),
		Grace: 5 * time.Second,
	})
	return nil
}

// kubeletConfig are the defaults of k3s, and what the kubelet needs where it shares the machine.
func (options Options) kubeletConfig(resolver string, taints []map[string]string) map[string]any {
	config := map[string]any{
		"apiVersion": "kubelet.config.k8s.io/v1beta1",
		"kind":       "KubeletConfiguration",
		"authentication": map[string]any{
			"anonymous": map[string]any{"enabled": false},
			"webhook":   map[string]any{"enabled": true},
			"x509":      map[string]any{"clientCAFile": options.agentFile("client-ca.crt")},
		},
		"authorization":            map[string]any{"mode": "Webhook"},
		"cgroupDriver":             "cgroupfs",
		"clusterDNS":               []string{options.Cluster.ClusterDNS},
		"clusterDomain":            options.Cluster.ClusterDomain,
		"containerRuntimeEndpoint": "unix://" + ContainerdSocket,
		"evictionHard": map[string]string{
			"imagefs.available": "5%",
			"nodefs.available":  "5%",
		},
		"evictionMinimumReclaim": map[string]string{
			"imagefs.available": "10%",
			"nodefs.available":  "10%",
		},
		"failSwapOn":          false,
		"healthzBindAddress":  "127.0.0.1",
		"registerWithTaints":  taints,
		"resolvConf":          resolver,
		"serializeImagePulls": false,
		"staticPodPath":       options.agentFile("pod-manifests"),
		"tlsCertFile":         options.agentFile("serving-kubelet.crt"),
		"tlsPrivateKeyFile":   options.agentFile("serving-kubelet.key"),
	}
	if !hasCgroup2() {
		config["failCgroupV1"] = false
	}
	if isContainer() {
		// Its filesystem is an overlay, of which cAdvisor knows no device.
		config["localStorageCapacityIsolation"] = false
	}
	return config
}

func hasCgroup2() bool {
	var status syscall.Statfs_t
	return syscall.Statfs("/sys/fs/cgroup", &status) == nil && status.Type == cgroup2Magic
}

// isContainer is whether systemd runs this as a container (systemd(1), /run/systemd/container).
func isContainer() bool {
	_, err := os.Stat("/run/systemd/container")
	return err == nil
}

// findResolver gives the kubelet a resolv.conf without loopback addresses, which pods could not reach.
func (options Options) findResolver() (string, error) {
	if file := options.Values.Text("resolv-conf"); file != "" {
		return file, nil
	}
	for _, file := range []string{"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"} {
		data, err := os.ReadFile(file)
		if err == nil && isUsable(string(data)) {
			return file, nil
		}
	}
	// As k3s does; where there is no way to it, only names outside of the cluster are missing.
	file := options.agentFile("etc/resolv.conf")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return "", err
	}
	return file, os.WriteFile(file, []byte("nameserver 8.8.8.8\n"), 0o644)
}

func isUsable(resolver string) bool {
	found := false
	for line := range strings.Lines(resolver) {
		words := strings.Fields(line)
		if len(words) < 2 || words[0] != "nameserver" {
			continue
		}
		if address := net.ParseIP(words[1]); address == nil || !address.IsGlobalUnicast() {
			return false
		}
		found = true
	}
	return found
}

func parseTaints(taints []string) ([]map[string]string, error) {
	parsed := []map[string]string{}
	for _, taint := range taints {
		pair, effect, found := strings.Cut(taint, ":")
		key, value, _ := strings.Cut(pair, "=")
		if !found || key == "" || effect == "" {
			return nil, fmt.Errorf("invalid node-taint %q: not key=value:effect", taint)
		}
		parsed = append(parsed, map[string]string{"key": key, "value": value, "effect": effect})
	}
	return parsed, nil
}
