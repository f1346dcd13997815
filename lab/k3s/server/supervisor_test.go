package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"infra-k3s/lab/k3s/agent"
	"infra-k3s/lab/k3s/bundle"
	"infra-k3s/lab/k3s/settings"
	"infra-k3s/lab/k3s/token"
	"infra-k3s/lab/k3s/wire"
)

func startServer(t *testing.T, extra ...string) (config, credentials) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	_ = listener.Close()
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"--config", file, "--node-name=n", "--node-ip=127.0.0.1", "--bind-address=127.0.0.1", "--https-listen-port=" + port}
	values, err := settings.Read(settings.Server, append(args, extra...))
	if err != nil {
		t.Fatal(err)
	}
	config, err := readConfig(values, &bundle.Bundle{}, t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(config.serverFile("cred"), 0o700); err != nil {
		t.Fatal(err)
	}
	made, err := ensureCredentials(config)
	if err != nil {
		t.Fatal(err)
	}
	server, err := serve(config, made, &passwords{own: "n"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return config, made
}

func join(t *testing.T, config config, text string) (string, wire.ClusterConfig, error) {
	t.Helper()
	parsed, err := token.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	ctx, done := context.WithTimeout(t.Context(), 2*time.Second)
	defer done()
	cluster, err := agent.Join(ctx, agent.Membership{
		Server: "https://127.0.0.1:" + config.port, Token: parsed, Node: config.node, Password: "p", Folder: folder,
	})
	return folder, cluster, err
}

func TestANodeJoinsWithTheNodeToken(t *testing.T) {
	config, made := startServer(t, "--secrets-encryption")
	text, err := os.ReadFile(config.serverFile("node-token"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(text), "K10"+token.HashCA(made.serverCA.PEM)+"::server:") {
		t.Errorf("the token is %s", text)
	}
	folder, cluster, err := join(t, config, string(text))
	if err != nil {
		t.Fatal(err)
	}
	if cluster != config.cluster {
		t.Errorf("%+v", cluster)
	}
	pair, err := tls.LoadX509KeyPair(filepath.Join(folder, "client-kubelet.crt"), filepath.Join(folder, "client-kubelet.key"))
	if err != nil {
		t.Fatal(err)
	}
	certificate := pair.Leaf
	if certificate.Subject.CommonName != "system:node:n" || certificate.Subject.Organization[0] != "system:nodes" {
		t.Error(certificate.Subject)
	}
	options := x509.VerifyOptions{Roots: made.clientCA.Pool(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	if _, err := certificate.Verify(options); err != nil {
		t.Error(err)
	}
	serving, err := tls.LoadX509KeyPair(filepath.Join(folder, "serving-kubelet.crt"), filepath.Join(folder, "serving-kubelet.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := serving.Leaf.VerifyHostname("127.0.0.1"); err != nil {
		t.Error(err)
	}
}

func TestNobodyJoinsWithoutIt(t *testing.T) {
	config, made := startServer(t)
	for _, text := range []string{
		"wrong",
		"K10" + token.HashCA(made.serverCA.PEM) + "::server:wrong",
		"K10" + token.HashCA([]byte("another CA")) + "::server:" + made.secret,
	} {
		if _, _, err := join(t, config, text); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}

func TestAnAgentTokenIsNoServerToken(t *testing.T) {
	config, made := startServer(t, "--token=for-servers", "--agent-token=for-agents")
	if _, _, err := join(t, config, "for-agents"); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(config.serverFile("node-token"))
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(text)), "::node:for-agents") {
		t.Errorf("%s, %v", text, err)
	}
	client := wire.NewClient(&tls.Config{RootCAs: made.serverCA.Pool()})
	for credentials, wanted := range map[string]int{"server:for-agents": http.StatusUnauthorized, "server:for-servers": http.StatusOK} {
		user, secret, _ := strings.Cut(credentials, ":")
		request, _ := http.NewRequest(http.MethodGet, fmt.Sprintf("https://127.0.0.1:%s%s", config.port, wire.Config), nil)
		request.SetBasicAuth(user, secret)
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != wanted {
			t.Errorf("%s: %s", credentials, response.Status)
		}
	}
}

func TestTheTokenOfTheFirstStartStays(t *testing.T) {
	config, made := startServer(t)
	again, err := ensureCredentials(config)
	if err != nil || again.secret != made.secret {
		t.Errorf("%v", err)
	}
	values, err := settings.Read(settings.Server, []string{"--token=another"})
	if err != nil {
		t.Fatal(err)
	}
	config.values = values
	if _, err := ensureCredentials(config); err == nil {
		t.Error("another token is taken")
	}
}

func TestPublicPathsAndNoAPIYet(t *testing.T) {
	config, made := startServer(t)
	client := wire.NewClient(&tls.Config{RootCAs: made.serverCA.Pool()})
	for path, wanted := range map[string]string{
		"/ping": "pong", "/cacerts": string(made.serverCA.PEM), "/readyz": "apiserver not ready\n",
	} {
		response, err := client.Get("https://127.0.0.1:" + config.port + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if string(body) != wanted {
			t.Errorf("%s: %s", path, body)
		}
	}
}
