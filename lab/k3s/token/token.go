// Package token has k3s's secure token: K10, the hash of the server's CA, two colons, a user and a
// secret (https://docs.k3s.io/cli/token).
package token

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Token is what a node shows to join a cluster.
type Token struct {
	// CAHash is empty in a short token; the server's CA is then taken on trust.
	CAHash string
	// User is server or node, or the id of a bootstrap token.
	User   string
	Secret string
	// IsBootstrap is for a token made by `k3s token create`: its user and secret have a dot between
	// them.
	IsBootstrap bool
}

var bootstrapForm = regexp.MustCompile(`^([a-z0-9]{6})\.([a-z0-9]{16})$`)

// Parse takes a secure, a short or a bootstrap token.
func Parse(text string) (Token, error) {
	var result Token
	credentials := strings.TrimSpace(text)
	if rest, isSecure := strings.CutPrefix(credentials, "K10"); isSecure {
		hash, behind, found := strings.Cut(rest, "::")
		if !found || len(hash) != sha256.Size*2 {
			return Token{}, errors.New("invalid token format: K10 and no hash of a CA behind it")
		}
		result.CAHash, credentials = hash, behind
	}
	if credentials == "" {
		return Token{}, errors.New("token must not be empty")
	}
	if parts := bootstrapForm.FindStringSubmatch(credentials); parts != nil {
		result.User, result.Secret, result.IsBootstrap = parts[1], parts[2], true
		return result, nil
	}
	user, secret, found := strings.Cut(credentials, ":")
	if !found {
		user, secret = "server", credentials
	}
	if secret == "" {
		return Token{}, errors.New("token must not be empty")
	}
	result.User, result.Secret = user, secret
	return result, nil
}

// String is the token in its secure form, and short without a CA's hash.
func (token Token) String() string {
	separator := ":"
	if token.IsBootstrap {
		separator = "."
	}
	credentials := token.User + separator + token.Secret
	if token.CAHash == "" {
		return credentials
	}
	return "K10" + token.CAHash + "::" + credentials
}

// HashCA is what a secure token says of a CA, whose file is hashed as it is.
func HashCA(pem []byte) string {
	sum := sha256.Sum256(pem)
	return hex.EncodeToString(sum[:])
}

// Verify throws nothing away: it says whether this is the CA that the token was made for.
func (token Token) Verify(pem []byte) error {
	if hash := HashCA(pem); token.CAHash != "" && token.CAHash != hash {
		return fmt.Errorf("token CA hash does not match the Cluster CA certificate hash: %s != %s", token.CAHash, hash)
	}
	return nil
}

// NewSecret makes 16 random bytes, written in hexadecimal.
func NewSecret() string {
	bytes := make([]byte, 16)
	// It never returns an error.
	_, _ = rand.Read(bytes)
	return hex.EncodeToString(bytes)
}
