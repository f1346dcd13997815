package agent

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"infra-k3s/lab/k3s/pki"
	"infra-k3s/lab/k3s/token"
	"infra-k3s/lab/k3s/wire"
)

const joinAgainAfter = time.Second

// Membership is how a node comes to its certificates.
type Membership struct {
	// Server is the address of a server, with https:// and a port.
	Server string
	Token  token.Token
	Node   Node
	// Password is what this machine keeps its name with.
	Password string
	// Folder gets certificates, keys and CAs.
	Folder string
}

// issued are the certificates that a node gets, by the file of each.
var issued = map[string]string{
	"serving-kubelet":       wire.ServingKubelet,
	"client-kubelet":        wire.ClientKubelet,
	"client-kube-proxy":     wire.ClientKubeProxy,
	"client-k3s-controller": wire.ClientController,
}

// Join asks the server until it gives what a node needs, or ctx ends.
func Join(ctx context.Context, membership Membership) (wire.ClusterConfig, error) {
	if err := os.MkdirAll(membership.Folder, 0o700); err != nil {
		return wire.ClusterConfig{}, err
	}
	said := ""
	for {
		config, err := membership.try(ctx)
		if err == nil {
			return config, nil
		}
		if ctx.Err() != nil {
			return wire.ClusterConfig{}, ctx.Err()
		}
		if err.Error() != said {
			said = err.Error()
			slog.Error("Failed to validate connection to cluster at "+membership.Server, "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(joinAgainAfter):
		}
	}
}

func (membership Membership) try(ctx context.Context) (wire.ClusterConfig, error) {
	var config wire.ClusterConfig
	client, ca, err := membership.trust(ctx)
	if err != nil {
		return config, err
	}
	ask := func(method, path string, body []byte) ([]byte, error) {
		request, err := http.NewRequestWithContext(ctx, method, membership.Server+path, bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		membership.authenticate(request)
		return wire.Fetch(client, request)
	}
	data, err := ask(http.MethodGet, wire.Config, nil)
	if err != nil {
		return config, err
	}
	if err := json.Unmarshal(data, &config); err != nil {
		return config, err
	}
	clientCA, err := ask(http.MethodGet, wire.ClientCA, nil)
	if err != nil {
		return config, err
	}
	for name, content := range map[string][]byte{"server-ca.crt": ca, "client-ca.crt": clientCA} {
		if err := os.WriteFile(filepath.Join(membership.Folder, name), content, 0o600); err != nil {
			return config, err
		}
	}
	for name, path := range issued {
		file := filepath.Join(membership.Folder, name)
		key, err := pki.EnsureKey(file + ".key")
		if err != nil {
			return config, err
		}
		request, err := pki.NewRequest(key)
		if err != nil {
			return config, err
		}
		certificate, err := ask(http.MethodPost, path, request)
		if err != nil {
			return config, err
		}
		if err := os.WriteFile(file+".crt", certificate, 0o600); err != nil {
			return config, err
		}
	}
	return config, nil
}

// trust fetches the CA without any trust, then holds it against the hash in the token.
func (membership Membership) trust(ctx context.Context) (*http.Client, []byte, error) {
	blind := wire.NewClient(&tls.Config{InsecureSkipVerify: true})
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, membership.Server+wire.CACertificates, nil)
	if err != nil {
		return nil, nil, err
	}
	ca, err := wire.Fetch(blind, request)
	if err != nil {
		return nil, nil, fmt.Errorf("failed to get CA certs: %w", err)
	}
	if err := membership.Token.Verify(ca); err != nil {
		return nil, nil, err
	}
	if membership.Token.CAHash == "" {
		slog.Warn("Cluster CA certificate is not trusted by the host CA bundle, and the token does not include a CA hash. Use the full token from the server's node-token file to enable Cluster CA validation.")
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, nil, errors.New("the server's CA is no certificate")
	}
	return wire.NewClient(&tls.Config{RootCAs: pool}), ca, nil
}

func (membership Membership) authenticate(request *http.Request) {
	secret := membership.Token
	switch {
	case secret.IsBootstrap:
		request.Header.Set("Authorization", "Bearer "+secret.User+"."+secret.Secret)
	default:
		// Whichever token it has, it asks as a node.
		request.SetBasicAuth("node", secret.Secret)
	}
	request.Header.Set(wire.NodeName, membership.Node.Name)
	request.Header.Set(wire.NodePassword, membership.Password)
	request.Header.Set(wire.NodeIP, strings.Join(membership.Node.IPs, ","))
}
