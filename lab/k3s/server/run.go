package server

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"time"

	"infra-k3s/lab/k3s/agent"
	"infra-k3s/lab/k3s/bundle"
	"infra-k3s/lab/k3s/process"
	"infra-k3s/lab/k3s/settings"
	"infra-k3s/lab/k3s/token"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// Run is `k3s server`: a control plane and a node, until ctx ends.
func Run(ctx context.Context, values settings.Values, unpacked *bundle.Bundle, dataFolder, programs string, environment []string) error {
	config, err := readConfig(values, unpacked, dataFolder, programs)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(config.serverFile("cred"), 0o700); err != nil {
		return err
	}
	made, err := ensureCredentials(config)
	if err != nil {
		return err
	}
	password, err := agent.EnsurePassword()
	if err != nil {
		return err
	}
	manifests := newManifests(config)
	if err := manifests.writePackaged(); err != nil {
		return err
	}
	client, err := newClient(config)
	if err != nil {
		return err
	}
	passwords := &passwords{client: client, own: config.node.Name}
	front, err := serve(config, made, passwords)
	if err != nil {
		return err
	}
	defer front.Close()
	datastore := process.NewGroup(context.Background(), environment)
	// Last, so that what the others still write is kept.
	defer datastore.Stop()
	etcd, err := config.planEtcd()
	if err != nil {
		return err
	}
	datastore.Keep(etcd)
	group := process.NewGroup(ctx, environment)
	defer group.Stop()
	failed := make(chan error, 2)
	go func() { failed <- runControlPlane(ctx, config, client, passwords, manifests, group) }()
	go func() { failed <- runAgent(ctx, config, client, made, password, group) }()
	for range 2 {
		select {
		case err := <-failed:
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
	if err := passwords.ensureOwn(ctx, password); err != nil && ctx.Err() == nil {
		slog.Error("Unable to store this node's password", "error", err)
	}
	<-ctx.Done()
	return nil
}

func runControlPlane(
	ctx context.Context, config config, client *kubernetes.Clientset, passwords *passwords, manifests *manifests, group *process.Group,
) error {
	// kube-apiserver gives up when there is no datastore, and would then have to start again.
	if err := waitFor(ctx, "the datastore", tryEtcd); err != nil {
		return err
	}
	group.Keep(config.planAPIServer())
	if err := waitForAPI(ctx, client); err != nil {
		return err
	}
	group.Keep(config.planControllerManager())
	group.Keep(config.planScheduler())
	if err := writeKubeconfig(config); err != nil {
		return err
	}
	go manifests.watch(ctx)
	if err := watchNodes(ctx, client, passwords, config.node.Name); err != nil {
		return err
	}
	if !slices.Contains(config.values.List("disable"), "servicelb") {
		go watchLoadBalancers(ctx, client)
	}
	slog.Info("k3s is up and running")
	return process.TellReady()
}

func runAgent(
	ctx context.Context, config config, client *kubernetes.Clientset, made credentials, password string, group *process.Group,
) error {
	cluster, err := agent.Join(ctx, agent.Membership{
		Server:   fmt.Sprintf("https://%s:%s", loopback, config.port),
		Token:    token.Token{CAHash: token.HashCA(made.serverCA.PEM), User: "node", Secret: made.agentSecret},
		Node:     config.node,
		Password: password,
		Folder:   agent.Folder(config.dataFolder),
	})
	if err != nil {
		return err
	}
	return agent.Run(ctx, agent.Options{
		Node:       config.node,
		Values:     config.values,
		DataFolder: config.dataFolder,
		Programs:   config.programs,
		Cluster:    cluster,
		APIServer:  config.localURL(),
		PauseImage: config.values.TextOr("pause-image", config.images["pause"]),
		Group:      group,
		Wait:       func(ctx context.Context) error { return waitForAPI(ctx, client) },
	})
}

func waitForAPI(ctx context.Context, client *kubernetes.Clientset) error {
	return waitFor(ctx, "the API server", func() error {
		return client.RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	})
}

func newClient(config config) (*kubernetes.Clientset, error) {
	loaded, err := clientcmd.BuildConfigFromFlags("", config.serverFile("cred/supervisor.kubeconfig"))
	if err != nil {
		return nil, err
	}
	return kubernetes.NewForConfig(loaded)
}

func waitFor(ctx context.Context, what string, try func() error) error {
	for tries := 1; ; tries++ {
		err := try()
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		if tries%100 == 0 {
			slog.Info("Waiting for "+what, "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}
