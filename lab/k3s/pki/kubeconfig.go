package pki

import (
	"encoding/base64"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// Kubeconfig is a client of the cluster; the fields are files.
type Kubeconfig struct {
	Server      string
	CA          string
	Certificate string
	Key         string
}

const kubeconfigForm = `apiVersion: v1
kind: Config
clusters:
- cluster:
    certificate-authority%[5]s: %[2]s
    server: %[1]s
  name: default
contexts:
- context:
    cluster: default
    user: default
  name: default
current-context: default
users:
- name: default
  user:
    client-certificate%[5]s: %[3]s
    client-key%[5]s: %[4]s
`

// Write writes a kubeconfig that names the files.
func (config Kubeconfig) Write(path string) error {
	text := fmt.Sprintf(kubeconfigForm, config.Server, config.CA, config.Certificate, config.Key, "")
	return writeFile(path, []byte(text), 0o600)
}

// WriteWhole writes a kubeconfig that has the files' content in it.
func (config Kubeconfig) WriteWhole(path string, mode fs.FileMode) error {
	var encoded []any
	for _, file := range []string{config.CA, config.Certificate, config.Key} {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		encoded = append(encoded, base64.StdEncoding.EncodeToString(data))
	}
	values := append([]any{config.Server}, encoded...)
	text := fmt.Sprintf(kubeconfigForm, append(values, "-data")...)
	if err := os.MkdirAll(path[:strings.LastIndex(path, "/")], 0o755); err != nil {
		return err
	}
	return writeFile(path, []byte(text), mode)
}
