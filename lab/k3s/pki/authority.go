// Package pki makes the CAs and certificates of a cluster, in the files where k3s has them.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"time"
)

const (
	authorityLife = 10 * 365 * 24 * time.Hour
	leafLife      = 365 * 24 * time.Hour
	// renewBefore is when k3s renews a certificate as it starts.
	renewBefore = 120 * 24 * time.Hour
)

// Authority signs certificates.
type Authority struct {
	Certificate *x509.Certificate
	// PEM is the certificate as it stands in its file.
	PEM []byte
	key crypto.Signer
}

// EnsureAuthority reads a CA from path.crt and path.key, and makes it when there is none.
func EnsureAuthority(path, name string) (Authority, error) {
	data, err := os.ReadFile(path + ".crt")
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeAuthority(path, name); err != nil {
			return Authority{}, err
		}
		data, err = os.ReadFile(path + ".crt")
	}
	if err != nil {
		return Authority{}, err
	}
	certificate, err := parseCertificate(data)
	if err != nil {
		return Authority{}, fmt.Errorf("%s.crt: %w", path, err)
	}
	key, err := readKey(path + ".key")
	if err != nil {
		return Authority{}, err
	}
	return Authority{Certificate: certificate, PEM: data, key: key}, nil
}

// Pool has this CA alone.
func (authority Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(authority.Certificate)
	return pool
}

func makeAuthority(path, name string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: newSerial(),
		// As k3s does, so that two clusters' CAs have different names.
		Subject:               pkix.Name{CommonName: fmt.Sprintf("%s@%d", name, now.Unix())},
		NotBefore:             now.Add(-time.Minute),
		NotAfter:              now.Add(authorityLife),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	if err := writeKey(path+".key", key); err != nil {
		return err
	}
	return writeFile(path+".crt", encodeCertificate(der), 0o644)
}

// Leaf is what a certificate is for.
type Leaf struct {
	Name          string
	Organizations []string
	// Hosts are names and addresses of a server; a certificate without them is a client's.
	Hosts []string
	// IsPeer is a server that is a client too.
	IsPeer bool
}

// Sign makes a certificate for a key.
func (authority Authority) Sign(leaf Leaf, public crypto.PublicKey) ([]byte, error) {
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: newSerial(),
		Subject:      pkix.Name{CommonName: leaf.Name, Organization: leaf.Organizations},
		NotBefore:    now.Add(-time.Minute),
		NotAfter:     now.Add(leafLife),
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage:  leaf.usages(),
	}
	for _, host := range leaf.Hosts {
		if address := net.ParseIP(host); address != nil {
			template.IPAddresses = append(template.IPAddresses, address)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, authority.Certificate, public, authority.key)
	if err != nil {
		return nil, err
	}
	return encodeCertificate(der), nil
}

func (leaf Leaf) usages() []x509.ExtKeyUsage {
	switch {
	case leaf.IsPeer:
		return []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	case len(leaf.Hosts) > 0:
		return []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	default:
		return []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}
}

// Ensure keeps path.crt and path.key while they serve for the leaf, and makes them anew otherwise.
func (authority Authority) Ensure(path string, leaf Leaf) error {
	if authority.isGood(path, leaf) {
		return nil
	}
	key, err := EnsureKey(path + ".key")
	if err != nil {
		return err
	}
	certificate, err := authority.Sign(leaf, key.Public())
	if err != nil {
		return err
	}
	return writeFile(path+".crt", certificate, 0o644)
}

func (authority Authority) isGood(path string, leaf Leaf) bool {
	data, err := os.ReadFile(path + ".crt")
	if err != nil {
		return false
	}
	certificate, err := parseCertificate(data)
	if err != nil || time.Until(certificate.NotAfter) < renewBefore {
		return false
	}
	if certificate.CheckSignatureFrom(authority.Certificate) != nil {
		return false
	}
	for _, host := range leaf.Hosts {
		if certificate.VerifyHostname(host) != nil {
			return false
		}
	}
	key, err := readKey(path + ".key")
	if err != nil {
		return false
	}
	public, isKnown := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	return isKnown && public.Equal(certificate.PublicKey) && certificate.Subject.CommonName == leaf.Name
}

func newSerial() *big.Int {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		panic(err)
	}
	return serial
}

func encodeCertificate(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func parseCertificate(data []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("no certificate in it")
	}
	return x509.ParseCertificate(block.Bytes)
}
