// Package wire has what agents and servers say to each other.
package wire

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Paths of the server, beside those of the Kubernetes API.
const (
	CACertificates   = "/cacerts"
	Ping             = "/ping"
	Config           = "/v1-k3s/config"
	ClientCA         = "/v1-k3s/client-ca.crt"
	ServerCA         = "/v1-k3s/server-ca.crt"
	ServingKubelet   = "/v1-k3s/serving-kubelet.crt"
	ClientKubelet    = "/v1-k3s/client-kubelet.crt"
	ClientKubeProxy  = "/v1-k3s/client-kube-proxy.crt"
	ClientController = "/v1-k3s/client-k3s-controller.crt"
)

// Headers that say which node asks.
const (
	NodeName     = "k3s-Node-Name"
	NodePassword = "k3s-Node-Password"
	NodeIP       = "k3s-Node-IP"
)

// ClusterConfig is what agents take from the server's settings.
type ClusterConfig struct {
	ClusterCIDR      string `json:"clusterCIDR"`
	ServiceCIDR      string `json:"serviceCIDR"`
	ClusterDNS       string `json:"clusterDNS"`
	ClusterDomain    string `json:"clusterDomain"`
	FlannelBackend   string `json:"flannelBackend"`
	DisableKubeProxy bool   `json:"disableKubeProxy"`
}

const (
	requestTimeout = 10 * time.Second
	answerLimit    = 1 << 20
)

// NewClient makes a client for one server, with that trust alone.
func NewClient(trust *tls.Config) *http.Client {
	return &http.Client{
		Timeout:   requestTimeout,
		Transport: &http.Transport{TLSClientConfig: trust, DisableKeepAlives: true},
	}
}

// Fetch sends a request and reads the whole answer, which must be a good one.
func Fetch(client *http.Client, request *http.Request) ([]byte, error) {
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, answerLimit))
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s: %s", request.URL.Path, response.Status, body)
	}
	return body, nil
}
