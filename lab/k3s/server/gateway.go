package server

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"

	"infra-k3s/lab/k3s/pki"
)

// gateway hands requests on to kube-apiserver and says who sends them, as aggregated API servers are
// told (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#authenticating-proxy).
// In k3s both are one process behind one port; here one port has to do for two.
type gateway struct {
	clients *x509.CertPool
	proxy   *httputil.ReverseProxy
}

// newGateway leads to the API server at target; trust has its CA and the certificate by which it knows
// the gateway.
func newGateway(target *url.URL, trust *tls.Config, clients *x509.CertPool) *gateway {
	return &gateway{
		clients: clients,
		proxy: &httputil.ReverseProxy{
			Transport: transport{
				plain:   &http.Transport{TLSClientConfig: trust, ForceAttemptHTTP2: true},
				upgrade: &http.Transport{TLSClientConfig: trust.Clone()},
			},
			// Watches have to arrive as they come.
			FlushInterval: -1,
			Rewrite: func(request *httputil.ProxyRequest) {
				request.SetURL(target)
				request.Out.Host = request.In.Host
			},
			ErrorHandler: func(writer http.ResponseWriter, request *http.Request, err error) {
				if request.Context().Err() == nil {
					http.Error(writer, "apiserver not ready", http.StatusServiceUnavailable)
				}
			},
		},
	}
}

// transport keeps apart what HTTP/2 cannot carry: exec, attach and port-forward.
type transport struct {
	plain   *http.Transport
	upgrade *http.Transport
}

// RoundTrip sends a request by the one or the other.
func (transport transport) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Header.Get("Upgrade") != "" {
		return transport.upgrade.RoundTrip(request)
	}
	return transport.plain.RoundTrip(request)
}

// ServeHTTP passes a request on. A certificate that is not the cluster's says nothing, as with
// kube-apiserver itself.
func (gateway *gateway) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	for name := range request.Header {
		if strings.HasPrefix(name, "X-Remote-") {
			request.Header.Del(name)
		}
	}
	if subject := gateway.findClient(request.TLS); subject != nil {
		request.Header.Set("X-Remote-User", subject.CommonName)
		request.Header["X-Remote-Group"] = subject.Organization
		request.Header.Del("Authorization")
	}
	gateway.proxy.ServeHTTP(writer, request)
}

func (gateway *gateway) findClient(state *tls.ConnectionState) *subject {
	if state == nil || len(state.PeerCertificates) == 0 {
		return nil
	}
	intermediates := x509.NewCertPool()
	for _, one := range state.PeerCertificates[1:] {
		intermediates.AddCert(one)
	}
	certificate := state.PeerCertificates[0]
	_, err := certificate.Verify(x509.VerifyOptions{
		Roots:         gateway.clients,
		Intermediates: intermediates,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return nil
	}
	return &subject{certificate.Subject.CommonName, certificate.Subject.Organization}
}

type subject struct {
	CommonName   string
	Organization []string
}

// writeKubeconfig writes the administrator's kubeconfig, for this machine.
func writeKubeconfig(config config) error {
	kubeconfig := pki.Kubeconfig{
		Server:      fmt.Sprintf("https://%s:%s", loopback, config.port),
		CA:          config.serverFile("tls/server-ca.crt"),
		Certificate: config.serverFile("tls/client-admin.crt"),
		Key:         config.serverFile("tls/client-admin.key"),
	}
	return kubeconfig.WriteWhole(config.kubeconfig, config.kubeconfigMode)
}
