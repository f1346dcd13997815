package pki

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestCertificatesAreKeptWhileTheyServe(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "tls/leaf")
	authority, err := EnsureAuthority(filepath.Join(folder, "tls/ca"), "test")
	if err != nil {
		t.Fatal(err)
	}
	leaf := Leaf{Name: "server", Hosts: []string{"one", "10.0.0.1"}}
	ensure := func(authority Authority, leaf Leaf) []byte {
		t.Helper()
		if err := authority.Ensure(path, leaf); err != nil {
			t.Fatal(err)
		}
		return read(t, path+".crt")
	}
	first := ensure(authority, leaf)
	again, err := EnsureAuthority(filepath.Join(folder, "tls/ca"), "test")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, ensure(again, leaf)) {
		t.Error("a good certificate was made anew")
	}
	leaf.Hosts = append(leaf.Hosts, "two")
	second := ensure(authority, leaf)
	if bytes.Equal(first, second) {
		t.Error("a new name is not in the certificate")
	}
	other, err := EnsureAuthority(filepath.Join(folder, "tls/other"), "test")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(second, ensure(other, leaf)) {
		t.Error("a certificate of another CA was kept")
	}
	if status, _ := os.Stat(path + ".key"); status.Mode().Perm() != 0o600 {
		t.Errorf("others can read the key: %v", status.Mode())
	}
}

func TestSignedForTheKeyOfARequest(t *testing.T) {
	folder := t.TempDir()
	authority, err := EnsureAuthority(filepath.Join(folder, "ca"), "test")
	if err != nil {
		t.Fatal(err)
	}
	key, err := EnsureKey(filepath.Join(folder, "key"))
	if err != nil {
		t.Fatal(err)
	}
	request, err := NewRequest(key)
	if err != nil {
		t.Fatal(err)
	}
	public, err := ParseRequest(request)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := authority.Sign(Leaf{Name: "system:node:n", Organizations: []string{"system:nodes"}}, public)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := parseCertificate(signed)
	if err != nil {
		t.Fatal(err)
	}
	options := x509.VerifyOptions{Roots: authority.Pool(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	if _, err := certificate.Verify(options); err != nil {
		t.Error(err)
	}
	for _, bad := range [][]byte{nil, []byte("words"), pem.EncodeToMemory(&pem.Block{Type: "X", Bytes: []byte("x")})} {
		if _, err := ParseRequest(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestKubeconfigHoldsTheFiles(t *testing.T) {
	folder := t.TempDir()
	authority, err := EnsureAuthority(filepath.Join(folder, "ca"), "test")
	if err != nil {
		t.Fatal(err)
	}
	if err := authority.Ensure(filepath.Join(folder, "admin"), Leaf{Name: "system:admin"}); err != nil {
		t.Fatal(err)
	}
	kubeconfig := Kubeconfig{
		Server: "https://127.0.0.1:6443", CA: filepath.Join(folder, "ca.crt"),
		Certificate: filepath.Join(folder, "admin.crt"), Key: filepath.Join(folder, "admin.key"),
	}
	file := filepath.Join(folder, "etc/k3s.yaml")
	if err := kubeconfig.WriteWhole(file, 0o600); err != nil {
		t.Fatal(err)
	}
	text := string(read(t, file))
	if strings.Contains(text, folder) || !strings.Contains(text, "client-key-data: ") {
		t.Error(text)
	}
	if status, _ := os.Stat(file); status.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", status.Mode())
	}
}
