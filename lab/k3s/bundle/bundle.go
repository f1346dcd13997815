// Package bundle finds the upstream programs that are packed behind the k3s program in its own file,
// and unpacks them to the data folder, as k3s does.
package bundle

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/klauspost/compress/zstd"
)

// DefaultDataFolder is where all state lies.
const DefaultDataFolder = "/var/lib/rancher/k3s"

// Method compresses the programs within the archive.
const Method = zstd.ZipMethodWinZip

// Info stands in the comment of the archive.
type Info struct {
	// Version is what the file says it is: v1.36.3+k3s1.
	Version string `json:"version"`
	// Digest names the folder that the programs are unpacked to.
	Digest string `json:"digest"`
	// Images are the names of the images that k3s itself runs, by what they are.
	Images map[string]string `json:"images"`
}

// Bundle are the programs of one k3s file.
type Bundle struct {
	Info
	archive *zip.ReadCloser
}

// Open reads what is behind the program that runs.
func Open() (*Bundle, error) {
	file, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return openFile(file)
}

func openFile(file string) (*Bundle, error) {
	archive, err := zip.OpenReader(file)
	if err != nil {
		return nil, fmt.Errorf("no programs are packed into %s: %w", file, err)
	}
	archive.RegisterDecompressor(Method, zstd.ZipDecompressor())
	result := &Bundle{archive: archive}
	if err := json.Unmarshal([]byte(archive.Comment), &result.Info); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: what it is packed with: %w", file, err), archive.Close())
	}
	return result, nil
}

// Close lets the file go.
func (bundle *Bundle) Close() error {
	return bundle.archive.Close()
}

// Unpack makes sure that the programs are in the data folder, and returns the folder that has them.
// The link data/current leads there too.
func (bundle *Bundle) Unpack(dataFolder string) (string, error) {
	data := filepath.Join(dataFolder, "data")
	programs := filepath.Join(data, bundle.Digest, "bin")
	if _, err := os.Stat(programs); err == nil {
		return programs, ensureLink(data, bundle.Digest)
	}
	if err := os.MkdirAll(data, 0o755); err != nil {
		return "", err
	}
	unlock, err := lock(filepath.Join(data, ".lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(programs); err == nil {
		return programs, ensureLink(data, bundle.Digest)
	}
	temporary := filepath.Join(data, bundle.Digest+"-tmp")
	if err := os.RemoveAll(temporary); err != nil {
		return "", err
	}
	for _, entry := range bundle.archive.File {
		if err := unpackEntry(entry, temporary); err != nil {
			return "", fmt.Errorf("cannot unpack %s: %w", entry.Name, err)
		}
	}
	if err := os.Rename(temporary, filepath.Join(data, bundle.Digest)); err != nil {
		return "", err
	}
	return programs, ensureLink(data, bundle.Digest)
}

func unpackEntry(entry *zip.File, folder string) error {
	if !filepath.IsLocal(entry.Name) {
		return errors.New("its name leads elsewhere")
	}
	target := filepath.Join(folder, entry.Name)
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	source, err := entry.Open()
	if err != nil {
		return err
	}
	defer source.Close()
	if entry.Mode()&fs.ModeSymlink != 0 {
		var name strings.Builder
		if _, err := io.Copy(&name, source); err != nil {
			return err
		}
		return os.Symlink(name.String(), target)
	}
	file, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(file, source); err != nil {
		return errors.Join(err, file.Close())
	}
	return errors.Join(file.Sync(), file.Close())
}

func ensureLink(data, digest string) error {
	link := filepath.Join(data, "current")
	if target, err := os.Readlink(link); err == nil && target == filepath.Join(data, digest) {
		return nil
	}
	temporary := link + ".new"
	if err := os.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Symlink(filepath.Join(data, digest), temporary); err != nil {
		return err
	}
	return os.Rename(temporary, link)
}

func lock(path string) (func(), error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() { _ = file.Close() }, nil
}
