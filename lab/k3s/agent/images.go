package agent

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
)

const lookAgainAfter = 5 * time.Second

// images are the archives in agent/images, which are brought to nodes without a registry
// (https://docs.k3s.io/installation/airgap).
type images struct {
	options Options
	folder  string
	// imported and seen are the files by their size and time.
	imported map[string]string
	seen     map[string]string
}

func newImages(options Options) *images {
	return &images{
		options:  options,
		folder:   options.agentFile("images"),
		imported: map[string]string{},
		seen:     map[string]string{},
	}
}

// watch imports what comes into the folder later.
func (images *images) watch(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(lookAgainAfter):
			images.importNew(ctx, true)
		}
	}
}

// importNew imports the archives that are new or have changed; with `onlyWhole` those that are no
// longer being written to. What fails is said, and tried again the next time.
func (images *images) importNew(ctx context.Context, onlyWhole bool) {
	entries, err := os.ReadDir(images.folder)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		slog.Error("Unable to read images", "error", err)
		return
	}
	for _, entry := range entries {
		status, err := entry.Info()
		if err != nil || !status.Mode().IsRegular() || !isArchive(entry.Name()) {
			continue
		}
		stamp := fmt.Sprint(status.Size(), status.ModTime().UnixNano())
		isSteady := images.seen[entry.Name()] == stamp
		images.seen[entry.Name()] = stamp
		if images.imported[entry.Name()] == stamp || (onlyWhole && !isSteady) {
			continue
		}
		images.imported[entry.Name()] = stamp
		startedAt := time.Now()
		if err := images.importFile(ctx, filepath.Join(images.folder, entry.Name())); err != nil {
			slog.Error("Error encountered while importing "+entry.Name(), "error", err)
			// containerd may have been busy.
			delete(images.imported, entry.Name())
			continue
		}
		slog.Info("Imported images from "+entry.Name(), "seconds", time.Since(startedAt).Seconds())
	}
}

func isArchive(name string) bool {
	for _, ending := range []string{".tar", ".tar.gz", ".tgz", ".tar.zst", ".tzst"} {
		if strings.HasSuffix(strings.ToLower(name), ending) {
			return true
		}
	}
	return false
}

func (images *images) importFile(ctx context.Context, file string) error {
	source, err := os.Open(file)
	if err != nil {
		return err
	}
	defer source.Close()
	var said bytes.Buffer
	// Pinned, as k3s does it: the kubelet never removes them to make room.
	command := images.options.newCtr(ctx, "images", "import", "--label", "io.cri-containerd.pinned=pinned", "-")
	command.Stdout, command.Stderr = &said, &said
	reader, done, err := decompress(file, source)
	if err != nil {
		return err
	}
	defer done()
	command.Stdin = reader
	if err := command.Run(); err != nil {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(said.Bytes()))
	}
	return nil
}

func decompress(file string, source io.Reader) (io.Reader, func(), error) {
	name := strings.ToLower(file)
	switch {
	case strings.HasSuffix(name, "zst"):
		reader, err := zstd.NewReader(source)
		if err != nil {
			return nil, nil, err
		}
		return reader, reader.Close, nil
	case strings.HasSuffix(name, "gz"):
		reader, err := gzip.NewReader(source)
		if err != nil {
			return nil, nil, err
		}
		return reader, func() { _ = reader.Close() }, nil
	default:
		return source, func() {}, nil
	}
}
