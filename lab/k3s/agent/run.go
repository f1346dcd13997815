package agent

import (
	"context"
	"path/filepath"

	"infra-k3s/lab/k3s/pki"
	"infra-k3s/lab/k3s/process"
	"infra-k3s/lab/k3s/settings"
	"infra-k3s/lab/k3s/wire"
)

// Options are what a node runs with.
type Options struct {
	Node   Node
	Values settings.Values
	// DataFolder has the agent's own below it.
	DataFolder string
	// Programs is the folder of the unpacked programs.
	Programs string
	Cluster  wire.ClusterConfig
	// APIServer is the address that the node's programs speak to.
	APIServer  string
	PauseImage string
	Group      *process.Group
	// Wait returns when there is an API; a kubelet before that asks ever less often.
	Wait func(context.Context) error
}

// Run starts the node's programs and returns when its network is there; they run on in the group.
func Run(ctx context.Context, options Options) error {
	if err := setUpKernel(); err != nil {
		return err
	}
	for _, name := range []string{"kubelet", "kube-proxy", "k3s-controller"} {
		kubeconfig := pki.Kubeconfig{
			Server:      options.APIServer,
			CA:          options.agentFile("server-ca.crt"),
			Certificate: options.agentFile("client-" + name + ".crt"),
			Key:         options.agentFile("client-" + name + ".key"),
		}
		if err := kubeconfig.Write(options.kubeconfig(name)); err != nil {
			return err
		}
	}
	if err := options.startContainerd(ctx); err != nil {
		return err
	}
	images := newImages(options)
	images.importNew(ctx, false)
	go images.watch(ctx)
	if err := options.Wait(ctx); err != nil {
		return err
	}
	if err := options.startKubelet(); err != nil {
		return err
	}
	if !options.Cluster.DisableKubeProxy {
		options.startKubeProxy()
	}
	client, err := newClient(options.kubeconfig("kubelet"))
	if err != nil {
		return err
	}
	if err := options.describeNode(ctx, client); err != nil {
		return err
	}
	if options.Cluster.FlannelBackend == "none" {
		return nil
	}
	return options.startNetwork(ctx)
}

func (options Options) agentFile(name string) string {
	return filepath.Join(options.DataFolder, "agent", name)
}

func (options Options) kubeconfig(name string) string {
	return options.agentFile(map[string]string{
		"kubelet":        "kubelet.kubeconfig",
		"kube-proxy":     "kubeproxy.kubeconfig",
		"k3s-controller": "k3scontroller.kubeconfig",
	}[name])
}

func (options Options) program(name string) string {
	return filepath.Join(options.Programs, name)
}

// Folder is the agent's part of the data folder.
func Folder(dataFolder string) string {
	return filepath.Join(dataFolder, "agent")
}
