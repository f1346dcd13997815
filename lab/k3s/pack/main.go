// Packs the upstream programs behind the k3s program, into one file that runs as it is.
//
// usage: pack-k3s --program FILE --output FILE --version VERSION [--image WHAT=NAME]... PROGRAM...
package main

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"infra-k3s/lab/k3s/bundle"

	"github.com/klauspost/compress/zstd"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "pack-k3s:", err)
		os.Exit(1)
	}
}

func run() error {
	program := flag.String("program", "", "the k3s program")
	output := flag.String("output", "", "the file to write")
	version := flag.String("version", "", "what `k3s --version` says")
	images := map[string]string{}
	flag.Func("image", "an image that k3s runs: what it is, =, its name", func(text string) error {
		what, name, found := strings.Cut(text, "=")
		if !found {
			return errors.New("no = in it")
		}
		images[what] = name
		return nil
	})
	flag.Parse()
	if *program == "" || *output == "" || *version == "" || flag.NArg() == 0 {
		return errors.New("--program, --output, --version and the files to pack are needed")
	}
	out, err := os.OpenFile(*output, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	info := bundle.Info{Version: *version, Images: images}
	return errors.Join(pack(out, *program, flag.Args(), info), out.Close())
}

func pack(out io.Writer, program string, files []string, info bundle.Info) error {
	stub, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	if _, err := out.Write(stub); err != nil {
		return err
	}
	archive := zip.NewWriter(out)
	archive.SetOffset(int64(len(stub)))
	archive.RegisterCompressor(bundle.Method, zstd.ZipCompressor(zstd.WithEncoderLevel(zstd.SpeedDefault)))
	sum := sha256.New()
	for _, file := range files {
		if err := add(archive, file, sum); err != nil {
			return err
		}
	}
	info.Digest = hex.EncodeToString(sum.Sum(nil))
	comment, err := json.Marshal(info)
	if err != nil {
		return err
	}
	return errors.Join(archive.SetComment(string(comment)), archive.Close())
}

func add(archive *zip.Writer, file string, sum hash.Hash) error {
	header := &zip.FileHeader{Name: "bin/" + filepath.Base(file), Method: bundle.Method}
	status, err := os.Lstat(file)
	if err != nil {
		return err
	}
	fmt.Fprintf(sum, "%s\x00%d\x00", header.Name, status.Size())
	if status.Mode()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(file)
		if err != nil {
			return err
		}
		header.Method = zip.Store
		header.SetMode(fs.ModeSymlink | 0o777)
		entry, err := archive.CreateHeader(header)
		if err != nil {
			return err
		}
		_, err = io.WriteString(io.MultiWriter(entry, sum), target)
		return err
	}
	header.SetMode(0o755)
	source, err := os.Open(file)
	if err != nil {
		return err
	}
	defer source.Close()
	entry, err := archive.CreateHeader(header)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.MultiWriter(entry, sum), source)
	return err
}
