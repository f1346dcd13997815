// The lab's stand-in for KSOPS: it keeps the documented contract of the function that kustomize
// runs for manifests of kind ksops (https://github.com/viaduct-ai/kustomize-sops, v4.5.1), and
// decrypts with the library of sops itself.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/getsops/sops/v3/decrypt"
)

const usage = `KSOPS stand-in of the lab

usage: ksops                   reads a ResourceList from stdin, as kustomize gives it
       ksops install FOLDER    copies itself there
`

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "ksops:", err)
		os.Exit(1)
	}
}

func run(args []string, input io.Reader, output io.Writer) error {
	switch {
	case len(args) == 0:
		return transform(input, output, decryptFile)
	case len(args) == 2 && args[0] == "install":
		return install(args[1])
	default:
		return errors.New(usage)
	}
}

// decryptFile also finds out whether somebody has changed the file since it was encrypted.
func decryptFile(path string) ([]byte, error) {
	// No format: its extension says it.
	return decrypt.File(path, "")
}
