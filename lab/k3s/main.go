// The lab's stand-in for k3s: it keeps the documented contract of the k3s command and starts the
// programs of Kubernetes, containerd and etcd as upstream made them, each as a child of its own.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"infra-k3s/lab/k3s/agent"
	"infra-k3s/lab/k3s/bundle"
	"infra-k3s/lab/k3s/process"
	"infra-k3s/lab/k3s/server"
	"infra-k3s/lab/k3s/settings"
	"infra-k3s/lab/k3s/token"
)

const usage = `k3s stand-in of the lab

usage: k3s server|agent [--FLAG VALUE]...    and /etc/rancher/k3s/config.yaml
       k3s kubectl|ctr [ARGUMENT]...
       k3s token create|generate|list|delete [ARGUMENT]...
       k3s etcd-snapshot save|ls|delete [ARGUMENT]...
       k3s --version
`

func main() {
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, nil)))
	err := run(filepath.Base(os.Args[0]), os.Args[1:])
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "k3s:", err)
	os.Exit(1)
}

// run goes by the name it was called by, too: k3s's installer links kubectl and ctr to it.
func run(name string, args []string) error {
	if name != "kubectl" && name != "ctr" {
		if len(args) == 0 {
			fmt.Print(usage)
			return nil
		}
		name, args = args[0], args[1:]
	}
	switch name {
	case "server", "agent":
		return runNode(settings.Role(name), args)
	case "kubectl":
		return become("kubectl", args, "KUBECONFIG=/etc/rancher/k3s/k3s.yaml")
	case "ctr":
		return become("ctr", args, "CONTAINERD_ADDRESS="+agent.ContainerdSocket, "CONTAINERD_NAMESPACE=k8s.io")
	case "token":
		return server.RunToken(context.Background(), args)
	case "etcd-snapshot":
		return server.RunSnapshot(context.Background(), args)
	case "--version", "-v":
		return printVersion()
	case "help", "--help", "-h":
		fmt.Print(usage)
		return nil
	default:
		return fmt.Errorf("the lab's k3s stand-in has no %q\n%s", name, usage)
	}
}

func printVersion() error {
	unpacked, err := bundle.Open()
	if err != nil {
		return err
	}
	defer unpacked.Close()
	// The commit that k3s has in brackets tells here what this is.
	fmt.Printf("k3s version %s (lab stand-in)\ngo version %s\n", unpacked.Version, runtime.Version())
	return nil
}

// become turns this process into one of the programs; variables that are set already stay.
func become(name string, args []string, defaults ...string) error {
	_, programs, err := unpack(bundle.DefaultDataFolder)
	if err != nil {
		return err
	}
	environment := os.Environ()
	for _, one := range defaults {
		variable, _, _ := strings.Cut(one, "=")
		if os.Getenv(variable) == "" {
			environment = append(environment, one)
		}
	}
	return syscall.Exec(filepath.Join(programs, name), append([]string{name}, args...), environment)
}

func unpack(dataFolder string) (*bundle.Bundle, string, error) {
	unpacked, err := bundle.Open()
	if err != nil {
		return nil, "", err
	}
	programs, err := unpacked.Unpack(dataFolder)
	return unpacked, programs, errors.Join(err, unpacked.Close())
}

func runNode(role settings.Role, args []string) error {
	values, err := settings.Read(role, args)
	if err != nil {
		return err
	}
	if os.Geteuid() != 0 {
		return errors.New("must run as root")
	}
	dataFolder := values.TextOr("data-dir", bundle.DefaultDataFolder)
	unpacked, programs, err := unpack(dataFolder)
	if err != nil {
		return err
	}
	slog.Info("Starting the lab's k3s stand-in", "version", unpacked.Version, "role", role)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	environment := buildEnvironment(programs)
	if role == settings.Server {
		return server.Run(ctx, values, unpacked, dataFolder, programs, environment)
	}
	return runAgent(ctx, values, unpacked, dataFolder, programs, environment)
}

func runAgent(
	ctx context.Context, values settings.Values, unpacked *bundle.Bundle, dataFolder, programs string, environment []string,
) error {
	secret, err := values.Secret("token")
	if err != nil {
		return err
	}
	if values.Text("server") == "" || secret == "" {
		return errors.New("--server and --token are required")
	}
	parsed, err := token.Parse(secret)
	if err != nil {
		return err
	}
	node, err := agent.ReadNode(values)
	if err != nil {
		return err
	}
	password, err := agent.EnsurePassword()
	if err != nil {
		return err
	}
	address := strings.TrimSuffix(values.Text("server"), "/")
	cluster, err := agent.Join(ctx, agent.Membership{
		Server: address, Token: parsed, Node: node, Password: password, Folder: agent.Folder(dataFolder),
	})
	if err != nil {
		return ignoreEnd(ctx, err)
	}
	group := process.NewGroup(ctx, environment)
	defer group.Stop()
	err = agent.Run(ctx, agent.Options{
		Node: node, Values: values, DataFolder: dataFolder, Programs: programs, Cluster: cluster,
		APIServer: address, PauseImage: values.TextOr("pause-image", unpacked.Images["pause"]), Group: group,
		// Its server has given it certificates, and asked the API for that.
		Wait: func(context.Context) error { return nil },
	})
	if err != nil {
		return ignoreEnd(ctx, err)
	}
	slog.Info("k3s agent is up and running")
	if err := process.TellReady(); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// ignoreEnd is for what failed only because k3s was asked to end.
func ignoreEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// buildEnvironment lets the programs find each other, and keeps systemd's socket from them.
func buildEnvironment(programs string) []string {
	environment := slices.DeleteFunc(os.Environ(), func(one string) bool {
		name, _, _ := strings.Cut(one, "=")
		return name == "PATH" || name == "NOTIFY_SOCKET" || strings.HasPrefix(name, "K3S_")
	})
	path := os.Getenv("PATH")
	if path == "" {
		path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	}
	return append(environment, "PATH="+programs+":"+path)
}
