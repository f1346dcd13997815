package server

import (
	"crypto/subtle"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"infra-k3s/lab/k3s/pki"
	"infra-k3s/lab/k3s/wire"
)

const requestLimit = 1 << 20

// supervisor answers what k3s itself answers on the port of the API: how nodes join.
type supervisor struct {
	config      config
	credentials credentials
	passwords   *passwords
}

// serve listens at once, also while the API is not there yet.
func serve(config config, made credentials, passwords *passwords) (*http.Server, error) {
	target, err := url.Parse(config.localURL())
	if err != nil {
		return nil, err
	}
	proxyCertificate, err := tls.LoadX509KeyPair(
		config.serverFile("tls/client-auth-proxy.crt"), config.serverFile("tls/client-auth-proxy.key"))
	if err != nil {
		return nil, err
	}
	trust := &tls.Config{RootCAs: made.serverCA.Pool(), Certificates: []tls.Certificate{proxyCertificate}}
	certificate, err := tls.LoadX509KeyPair(
		config.serverFile("tls/serving-kube-apiserver.crt"), config.serverFile("tls/serving-kube-apiserver.key"))
	if err != nil {
		return nil, err
	}
	supervisor := &supervisor{config, made, passwords}
	routes := http.NewServeMux()
	routes.Handle("/", newGateway(target, trust, made.clientCA.Pool()))
	routes.HandleFunc("GET "+wire.Ping, func(writer http.ResponseWriter, _ *http.Request) {
		answer(writer, []byte("pong"))
	})
	routes.HandleFunc("GET "+wire.CACertificates, func(writer http.ResponseWriter, _ *http.Request) {
		answer(writer, made.serverCA.PEM)
	})
	routes.HandleFunc("GET "+wire.Config, supervisor.guard(func(writer http.ResponseWriter, _ *http.Request) {
		data, err := json.Marshal(config.cluster)
		if err != nil {
			http.Error(writer, err.Error(), http.StatusInternalServerError)
			return
		}
		answer(writer, data)
	}))
	routes.HandleFunc("GET "+wire.ServerCA, supervisor.guard(func(writer http.ResponseWriter, _ *http.Request) {
		answer(writer, made.serverCA.PEM)
	}))
	routes.HandleFunc("GET "+wire.ClientCA, supervisor.guard(func(writer http.ResponseWriter, _ *http.Request) {
		answer(writer, made.clientCA.PEM)
	}))
	for path, issue := range supervisor.issuers() {
		routes.HandleFunc("POST "+path, supervisor.guard(supervisor.issue(issue)))
	}
	listener, err := listen(net.JoinHostPort(config.values.Text("bind-address"), config.port))
	if err != nil {
		return nil, err
	}
	server := &http.Server{
		Handler:           routes,
		ReadHeaderTimeout: 10 * time.Second,
		TLSConfig: &tls.Config{
			Certificates: []tls.Certificate{certificate},
			ClientAuth:   tls.RequestClientCert,
			ClientCAs:    made.clientCA.Pool(),
		},
		ErrorLog: slog.NewLogLogger(slog.Default().Handler(), slog.LevelDebug),
	}
	go func() {
		if err := server.ServeTLS(listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
			slog.Error("The port of the API is closed", "error", err)
		}
	}()
	return server, nil
}

// issuers say what a node gets at which path.
func (supervisor *supervisor) issuers() map[string]func(name string, addresses []string) (pki.Authority, pki.Leaf) {
	client := supervisor.credentials.clientCA
	return map[string]func(string, []string) (pki.Authority, pki.Leaf){
		wire.ServingKubelet: func(name string, addresses []string) (pki.Authority, pki.Leaf) {
			hosts := append([]string{name, "localhost", loopback}, addresses...)
			return supervisor.credentials.serverCA, pki.Leaf{Name: name, Hosts: hosts}
		},
		wire.ClientKubelet: func(name string, _ []string) (pki.Authority, pki.Leaf) {
			return client, pki.Leaf{Name: "system:node:" + name, Organizations: []string{"system:nodes"}}
		},
		wire.ClientKubeProxy: func(string, []string) (pki.Authority, pki.Leaf) {
			return client, pki.Leaf{Name: "system:kube-proxy"}
		},
		wire.ClientController: func(string, []string) (pki.Authority, pki.Leaf) {
			return client, pki.Leaf{Name: "system:k3s-controller"}
		},
	}
}

func (supervisor *supervisor) issue(issue func(string, []string) (pki.Authority, pki.Leaf)) http.HandlerFunc {
	return func(writer http.ResponseWriter, request *http.Request) {
		name := request.Header.Get(wire.NodeName)
		if err := supervisor.passwords.check(request.Context(), name, request.Header.Get(wire.NodePassword)); err != nil {
			status := http.StatusServiceUnavailable
			if errors.Is(err, errWrongPassword) {
				status = http.StatusForbidden
			}
			http.Error(writer, err.Error(), status)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(writer, request.Body, requestLimit))
		if err != nil {
			http.Error(writer, err.Error(), http.StatusBadRequest)
			return
		}
		public, err := pki.ParseRequest(body)
		if err != nil {
			http.Error(writer, err.Error(), http.StatusBadRequest)
			return
		}
		authority, leaf := issue(name, strings.Split(request.Header.Get(wire.NodeIP), ","))
		certificate, err := authority.Sign(leaf, public)
		if err != nil {
			http.Error(writer, err.Error(), http.StatusInternalServerError)
			return
		}
		answer(writer, certificate)
	}
}

// guard lets nobody through without a token of the cluster.
func (supervisor *supervisor) guard(next http.HandlerFunc) http.HandlerFunc {
	return func(writer http.ResponseWriter, request *http.Request) {
		if !supervisor.isMember(request) {
			http.Error(writer, "not authorized", http.StatusUnauthorized)
			return
		}
		next(writer, request)
	}
}

func (supervisor *supervisor) isMember(request *http.Request) bool {
	if user, secret, found := request.BasicAuth(); found {
		made := supervisor.credentials
		return (user == "node" && (isSame(secret, made.agentSecret) || isSame(secret, made.secret))) ||
			(user == "server" && isSame(secret, made.secret))
	}
	bearer, found := strings.CutPrefix(request.Header.Get("Authorization"), "Bearer ")
	return found && supervisor.passwords.isBootstrapToken(request.Context(), bearer)
}

func isSame(one, other string) bool {
	return subtle.ConstantTimeCompare([]byte(one), []byte(other)) == 1
}

func answer(writer http.ResponseWriter, data []byte) {
	writer.Header().Set("Content-Type", "text/plain")
	if _, err := writer.Write(data); err != nil {
		slog.Debug("an answer was not taken", "error", err)
	}
}
