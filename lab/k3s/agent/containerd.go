package agent

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"infra-k3s/lab/k3s/process"
)

// ContainerdSocket is where `k3s ctr` finds containerd.
const ContainerdSocket = "/run/k3s/containerd/containerd.sock"

const containerdForm = `version = 3

[plugins.'io.containerd.internal.v1.opt']
  path = %q

[plugins.'io.containerd.cri.v1.images']
  snapshotter = 'overlayfs'
  disable_snapshot_annotations = true

[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = %q

[plugins.'io.containerd.cri.v1.runtime']
  enable_unprivileged_ports = true
  enable_unprivileged_icmp = true
  restrict_oom_score_adj = %t

[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = [%q]
  conf_dir = %q

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  SystemdCgroup = false

[plugins.'io.containerd.server.v1.grpc']
  address = %q
`

func (options Options) cniFolder() string {
	return options.agentFile("etc/cni/net.d")
}

func (options Options) startContainerd(ctx context.Context) error {
	config := options.agentFile("etc/containerd/config.toml")
	text := fmt.Sprintf(containerdForm, options.agentFile("containerd"), options.PauseImage,
		!mayAdjustOOM(), options.Programs, options.cniFolder(), ContainerdSocket)
	log := options.agentFile("containerd/containerd.log")
	for _, folder := range []string{filepath.Dir(config), filepath.Dir(log), options.cniFolder()} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return err
	}
	// Shims live longer than k3s and write to it, so it has to be a file and no pipe.
	file, err := os.OpenFile(log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	options.Group.Keep(process.Program{
		Name: "containerd",
		Path: options.program("containerd"),
		Args: []string{
			"-c", config, "-a", ContainerdSocket, "--state", "/run/k3s/containerd",
			"--root", options.agentFile("containerd"),
		},
		Log:   file,
		Grace: 5 * time.Second,
	})
	return options.waitForContainerd(ctx)
}

func (options Options) waitForContainerd(ctx context.Context) error {
	for {
		connection, err := net.Dial("unix", ContainerdSocket)
		if err == nil {
			_ = connection.Close()
			if options.newCtr(ctx, "version").Run() == nil {
				slog.Info("containerd is now running")
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (options Options) newCtr(ctx context.Context, args ...string) *exec.Cmd {
	before := []string{"--address", ContainerdSocket, "--namespace", "k8s.io"}
	return exec.CommandContext(ctx, options.program("ctr"), append(before, args...)...)
}
