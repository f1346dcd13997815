package server

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"infra-k3s/lab/k3s/pki"
	"infra-k3s/lab/k3s/token"
)

// credentials are the CAs and secrets of a cluster.
type credentials struct {
	serverCA pki.Authority
	clientCA pki.Authority
	// secret is what servers, agentSecret what agents join with.
	secret      string
	agentSecret string
}

// ensureCredentials reads them, and makes what is missing, in the files where k3s has them.
func ensureCredentials(config config) (credentials, error) {
	var made credentials
	tls := func(name string) string { return config.serverFile("tls/" + name) }
	authorities := map[string]*pki.Authority{
		"server-ca": &made.serverCA, "client-ca": &made.clientCA,
		"request-header-ca": {}, "etcd/server-ca": {}, "etcd/peer-ca": {},
	}
	names := map[string]string{
		"server-ca": "k3s-server-ca", "client-ca": "k3s-client-ca", "request-header-ca": "k3s-request-header-ca",
		"etcd/server-ca": "etcd-server-ca", "etcd/peer-ca": "etcd-peer-ca",
	}
	for name, authority := range authorities {
		var err error
		if *authority, err = pki.EnsureAuthority(tls(name), names[name]); err != nil {
			return credentials{}, err
		}
	}
	for _, one := range listLeaves(config) {
		if err := authorities[one.authority].Ensure(tls(one.file), one.leaf); err != nil {
			return credentials{}, err
		}
	}
	if err := pki.EnsureServiceKey(tls("service.key")); err != nil {
		return credentials{}, err
	}
	for _, name := range []string{"admin", "supervisor", "controller", "scheduler"} {
		kubeconfig := pki.Kubeconfig{
			Server: config.localURL(), CA: tls("server-ca.crt"),
			Certificate: tls("client-" + name + ".crt"), Key: tls("client-" + name + ".key"),
		}
		if err := kubeconfig.Write(config.serverFile("cred/" + name + ".kubeconfig")); err != nil {
			return credentials{}, err
		}
	}
	if config.values.IsOn("secrets-encryption") {
		if err := ensureEncryption(config.serverFile("cred/encryption-config.json")); err != nil {
			return credentials{}, err
		}
	}
	err := made.ensureTokens(config)
	return made, err
}

type plannedLeaf struct {
	authority string
	file      string
	leaf      pki.Leaf
}

func listLeaves(config config) []plannedLeaf {
	hosts := append([]string{
		"kubernetes", "kubernetes.default", "kubernetes.default.svc",
		"kubernetes.default.svc." + config.cluster.ClusterDomain,
		"localhost", loopback, apiAddress, "::1", config.serviceAddress, config.advertiseAddress, config.node.Name,
	}, config.node.IPs...)
	hosts = append(append(hosts, config.node.ExternalIPs...), config.values.List("tls-san")...)
	etcdHosts := []string{"localhost", loopback, "::1", config.node.Name, config.node.IPs[0]}
	client := func(file, name string, groups ...string) plannedLeaf {
		return plannedLeaf{"client-ca", "client-" + file, pki.Leaf{Name: name, Organizations: groups}}
	}
	return []plannedLeaf{
		{"server-ca", "serving-kube-apiserver", pki.Leaf{Name: "kube-apiserver", Hosts: hosts}},
		client("admin", "system:admin", "system:masters"),
		client("supervisor", "system:k3s-supervisor", "system:masters"),
		client("controller", "system:kube-controller-manager"),
		client("scheduler", "system:kube-scheduler"),
		client("kube-apiserver", "system:apiserver", "system:masters"),
		{"request-header-ca", "client-auth-proxy", pki.Leaf{Name: frontProxyName}},
		{"etcd/server-ca", "etcd/server-client", pki.Leaf{Name: "etcd-server", Hosts: etcdHosts, IsPeer: true}},
		{"etcd/server-ca", "etcd/client", pki.Leaf{Name: "etcd-client"}},
		{"etcd/peer-ca", "etcd/peer-server-client", pki.Leaf{Name: "etcd-peer", Hosts: etcdHosts, IsPeer: true}},
	}
}

// ensureTokens keeps the secret of the first start: what is in the datastore belongs to it.
func (made *credentials) ensureTokens(config config) error {
	given, err := config.values.Secret("token")
	if err != nil {
		return err
	}
	stored, err := readSecret(config.serverFile("token"))
	if err != nil {
		return err
	}
	if given != "" {
		parsed, err := token.Parse(given)
		if err != nil {
			return err
		}
		if err := parsed.Verify(made.serverCA.PEM); err != nil {
			return err
		}
		if stored != "" && parsed.Secret != stored {
			return errors.New("bootstrap data already found and encrypted with different token")
		}
		stored = parsed.Secret
	}
	if stored == "" {
		stored = token.NewSecret()
	}
	made.secret, made.agentSecret = stored, stored
	agentFile := "token"
	if secret, err := config.values.Secret("agent-token"); err != nil {
		return err
	} else if secret != "" {
		parsed, err := token.Parse(secret)
		if err != nil {
			return err
		}
		made.agentSecret, agentFile = parsed.Secret, "agent-token"
	}
	for file, secret := range map[string]string{"token": made.secret, agentFile: made.agentSecret} {
		user := map[string]string{"token": "server", "agent-token": "node"}[file]
		text := token.Token{CAHash: token.HashCA(made.serverCA.PEM), User: user, Secret: secret}.String() + "\n"
		if err := os.WriteFile(config.serverFile(file), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return ensureSymlink(config.serverFile(agentFile), config.serverFile("node-token"))
}

func readSecret(file string) (string, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	parsed, err := token.Parse(string(data))
	if err != nil {
		return "", fmt.Errorf("%s: %w", file, err)
	}
	return parsed.Secret, nil
}

func ensureSymlink(target, link string) error {
	if at, err := os.Readlink(link); err == nil && at == target {
		return nil
	}
	if err := os.Remove(link); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Symlink(target, link)
}

// ensureEncryption makes the key that Secrets are kept with in etcd, once.
func ensureEncryption(file string) error {
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	random, err := hex.DecodeString(token.NewSecret() + token.NewSecret())
	if err != nil {
		return err
	}
	key := map[string]string{"name": "aescbckey", "secret": base64.StdEncoding.EncodeToString(random)}
	data, err := json.Marshal(map[string]any{
		"kind":       "EncryptionConfiguration",
		"apiVersion": "apiserver.config.k8s.io/v1",
		"resources": []any{map[string]any{
			"resources": []string{"secrets"},
			"providers": []any{
				map[string]any{"aescbc": map[string]any{"keys": []any{key}}},
				map[string]any{"identity": map[string]any{}},
			},
		}},
	})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o600)
}
