package server

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// lookAgainAfter is how often k3s looks at the manifests.
const lookAgainAfter = 15 * time.Second

//go:embed manifests
var packaged embed.FS

// manifests applies what lies in server/manifests, and again whenever a file has changed
// (https://docs.k3s.io/installation/packaged-components).
type manifests struct {
	config  config
	folder  string
	applied map[string]time.Time
}

func newManifests(config config) *manifests {
	return &manifests{config: config, folder: config.serverFile("manifests"), applied: map[string]time.Time{}}
}

// writePackaged puts k3s's own components into the folder; they are written anew at every start.
func (manifests *manifests) writePackaged() error {
	if err := os.MkdirAll(manifests.folder, 0o700); err != nil {
		return err
	}
	entries, err := fs.ReadDir(packaged, "manifests")
	if err != nil {
		return err
	}
	replace := strings.NewReplacer(
		"%{CLUSTER_DNS}%", manifests.config.cluster.ClusterDNS,
		"%{CLUSTER_DOMAIN}%", manifests.config.cluster.ClusterDomain,
		"%{STORAGE_PATH}%", manifests.config.storagePath,
		"%{COREDNS_IMAGE}%", manifests.config.images["coredns"],
		"%{PROVISIONER_IMAGE}%", manifests.config.images["local-path-provisioner"],
		"%{BUSYBOX_IMAGE}%", manifests.config.images["busybox"],
	)
	for _, entry := range entries {
		data, err := packaged.ReadFile("manifests/" + entry.Name())
		if err != nil {
			return err
		}
		text := []byte(replace.Replace(string(data)))
		file := filepath.Join(manifests.folder, entry.Name())
		if present, err := os.ReadFile(file); err == nil && bytes.Equal(present, text) {
			continue
		}
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// watch applies until ctx ends. What fails is said, and tried again.
func (manifests *manifests) watch(ctx context.Context) {
	for {
		if err := manifests.applyChanged(ctx); err != nil && ctx.Err() == nil {
			slog.Error("Failed to process config", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(lookAgainAfter):
		}
	}
}

func (manifests *manifests) applyChanged(ctx context.Context) error {
	files, err := listManifests(manifests.folder)
	if err != nil {
		return err
	}
	disabled := manifests.config.values.List("disable")
	changed := map[string]time.Time{}
	var errs []error
	for _, file := range files {
		status, err := os.Stat(file)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if slices.Contains(disabled, manifests.nameOf(file)) {
			errs = append(errs, manifests.remove(ctx, file))
		} else if !status.ModTime().Equal(manifests.applied[file]) {
			changed[file] = status.ModTime()
		}
	}
	return errors.Join(append(errs, manifests.apply(ctx, changed))...)
}

// apply takes all files at once, since starting kubectl is what takes the time; when one of them is
// bad, the others come one by one.
func (manifests *manifests) apply(ctx context.Context, changed map[string]time.Time) error {
	files := make([]string, 0, len(changed))
	for file := range changed {
		files = append(files, file)
	}
	slices.Sort(files)
	if len(files) == 0 {
		return nil
	}
	err := manifests.run(ctx, files)
	if err == nil {
		for file, time := range changed {
			manifests.applied[file] = time
		}
		slog.Info("Applied manifests", "files", files)
		return nil
	}
	if len(files) == 1 {
		return fmt.Errorf("failed to process %s: %w", files[0], err)
	}
	var errs []error
	for _, file := range files {
		errs = append(errs, manifests.apply(ctx, map[string]time.Time{file: changed[file]}))
	}
	return errors.Join(errs...)
}

func (manifests *manifests) run(ctx context.Context, files []string) error {
	args := []string{"apply", "--server-side", "--force-conflicts", "--field-manager=deploy@" + manifests.config.node.Name}
	for _, file := range files {
		args = append(args, "--filename="+file)
	}
	return manifests.kubectl(ctx, args...)
}

// remove deletes what a disabled component has made, and then its file.
func (manifests *manifests) remove(ctx context.Context, file string) error {
	if err := manifests.kubectl(ctx, "delete", "--ignore-not-found", "--wait=false", "--filename="+file); err != nil {
		return err
	}
	return os.Remove(file)
}

func (manifests *manifests) kubectl(ctx context.Context, args ...string) error {
	kubeconfig := "--kubeconfig=" + manifests.config.serverFile("cred/supervisor.kubeconfig")
	command := exec.CommandContext(ctx, manifests.config.program("kubectl"), append(args, kubeconfig)...)
	output, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(output))
	}
	return nil
}

// nameOf is what `disable` calls a file, or the folder that it is in.
func (manifests *manifests) nameOf(file string) string {
	relative, err := filepath.Rel(manifests.folder, file)
	if err != nil {
		return ""
	}
	top, _, inFolder := strings.Cut(relative, string(filepath.Separator))
	if inFolder {
		return top
	}
	return strings.TrimSuffix(top, filepath.Ext(top))
}

// listManifests leaves out hidden files and those with another of the same name and .skip beside it.
func listManifests(folder string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(folder, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			return err
		}
		if !slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(file)) {
			return nil
		}
		if _, err := os.Stat(file + ".skip"); err == nil {
			return nil
		}
		files = append(files, file)
		return nil
	})
	return files, err
}
