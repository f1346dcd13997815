package server

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"testing"

	"infra-k3s/lab/k3s/pki"
)

// ask sends a request through a gateway and gives what the API server behind it was told.
func ask(t *testing.T, clientCA pki.Authority, certificate *tls.Certificate, header http.Header) http.Header {
	t.Helper()
	var told http.Header
	api := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		told = request.Header
	}))
	defer api.Close()
	target, err := url.Parse(api.URL)
	if err != nil {
		t.Fatal(err)
	}
	trust := x509.NewCertPool()
	trust.AddCert(api.Certificate())
	front := httptest.NewUnstartedServer(newGateway(target, &tls.Config{RootCAs: trust}, clientCA.Pool()))
	front.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	front.StartTLS()
	defer front.Close()
	client := front.Client()
	if certificate != nil {
		client.Transport.(*http.Transport).TLSClientConfig.Certificates = []tls.Certificate{*certificate}
	}
	request, err := http.NewRequest(http.MethodGet, front.URL+"/api", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header = header
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return told
}

func makeClient(t *testing.T, path string) (pki.Authority, *tls.Certificate) {
	t.Helper()
	authority, err := pki.EnsureAuthority(path+"-ca", "test")
	if err != nil {
		t.Fatal(err)
	}
	if err := authority.Ensure(path, pki.Leaf{Name: "system:node:n", Organizations: []string{"a", "b"}}); err != nil {
		t.Fatal(err)
	}
	certificate, err := tls.LoadX509KeyPair(path+".crt", path+".key")
	if err != nil {
		t.Fatal(err)
	}
	return authority, &certificate
}

func TestTheGatewaySaysWhoAsks(t *testing.T) {
	folder := t.TempDir()
	authority, certificate := makeClient(t, filepath.Join(folder, "ours"))
	_, stranger := makeClient(t, filepath.Join(folder, "others"))
	forged := http.Header{
		"X-Remote-User": {"system:admin"}, "X-Remote-Group": {"system:masters"},
		"X-Remote-Extra-Scopes": {"x"}, "Authorization": {"Bearer t"},
	}
	told := ask(t, authority, certificate, forged.Clone())
	if told.Get("X-Remote-User") != "system:node:n" || len(told["X-Remote-Group"]) != 2 || told["X-Remote-Group"][1] != "b" {
		t.Errorf("a client of the cluster: %v", told)
	}
	if told.Get("X-Remote-Extra-Scopes") != "" || told.Get("Authorization") != "" {
		t.Errorf("a client of the cluster brings more than its certificate: %v", told)
	}
	for name, other := range map[string]*tls.Certificate{"nobody": nil, "a stranger": stranger} {
		told := ask(t, authority, other, forged.Clone())
		if told.Get("X-Remote-User") != "" || told["X-Remote-Group"] != nil || told.Get("X-Remote-Extra-Scopes") != "" {
			t.Errorf("%s says who it is: %v", name, told)
		}
		if told.Get("Authorization") != "Bearer t" {
			t.Errorf("%s loses its token", name)
		}
	}
}
