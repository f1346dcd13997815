package server

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/scrypt"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

var errWrongPassword = errors.New("node password rejected, duplicate hostname or contents of '/etc/rancher/node/password' may not match server node-passwd entry")

// passwords are kept in Secrets of kube-system, so that no machine can take another one's name
// (https://docs.k3s.io/architecture#how-agent-node-registration-works).
type passwords struct {
	client *kubernetes.Clientset
	// own is this machine's name: it needs its certificates before there is an API to ask.
	own string
	// verified saves the slow hash, of which a node that joins would need four.
	verified sync.Map
}

const (
	scryptCost   = 1 << 15
	passwordForm = "$1:%x:%x"
)

// check compares with the password that the name came with first, and keeps that.
func (passwords *passwords) check(ctx context.Context, name, password string) error {
	if name == "" || password == "" {
		return errWrongPassword
	}
	if known, found := passwords.verified.Load(name); name == passwords.own || (found && isSame(known.(string), password)) {
		return nil
	}
	ctx, done := context.WithTimeout(ctx, 5*time.Second)
	defer done()
	if err := passwords.checkStored(ctx, name, password); err != nil {
		return err
	}
	passwords.verified.Store(name, password)
	return nil
}

// ensureOwn does for this machine, once there is an API, what check does for others.
func (passwords *passwords) ensureOwn(ctx context.Context, password string) error {
	return passwords.checkStored(ctx, passwords.own, password)
}

func (passwords *passwords) checkStored(ctx context.Context, name, password string) error {
	secrets := passwords.client.CoreV1().Secrets(metav1.NamespaceSystem)
	stored, err := secrets.Get(ctx, nameSecret(name), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		hashed, err := hashPassword(password, newSalt())
		if err != nil {
			return err
		}
		_, err = secrets.Create(ctx, &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: nameSecret(name)},
			Immutable:  new(true),
			Data:       map[string][]byte{"hash": []byte(hashed)},
		}, metav1.CreateOptions{})
		return err
	}
	if err != nil {
		return fmt.Errorf("unable to verify the node's password yet: %w", err)
	}
	parts := strings.Split(string(stored.Data["hash"]), ":")
	if len(parts) != 3 {
		return errWrongPassword
	}
	salt, err := hex.DecodeString(parts[1])
	if err != nil {
		return errWrongPassword
	}
	hashed, err := hashPassword(password, salt)
	if err != nil {
		return err
	}
	if !isSame(hashed, string(stored.Data["hash"])) {
		return errWrongPassword
	}
	return nil
}

// forget lets a name be taken anew; k3s does it when the node's object is deleted.
func (passwords *passwords) forget(ctx context.Context, name string) error {
	passwords.verified.Delete(name)
	err := passwords.client.CoreV1().Secrets(metav1.NamespaceSystem).Delete(ctx, nameSecret(name), metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// isBootstrapToken asks for a token of `k3s token create` that is not over and may be joined with.
func (passwords *passwords) isBootstrapToken(ctx context.Context, bearer string) bool {
	id, secret, found := strings.Cut(bearer, ".")
	if !found {
		return false
	}
	ctx, done := context.WithTimeout(ctx, 5*time.Second)
	defer done()
	stored, err := passwords.client.CoreV1().Secrets(metav1.NamespaceSystem).Get(ctx, "bootstrap-token-"+id, metav1.GetOptions{})
	if err != nil || stored.Type != corev1.SecretTypeBootstrapToken || !isSame(secret, string(stored.Data["token-secret"])) {
		return false
	}
	if over := string(stored.Data["expiration"]); over != "" {
		end, err := time.Parse(time.RFC3339, over)
		if err != nil || time.Now().After(end) {
			return false
		}
	}
	return string(stored.Data["usage-bootstrap-authentication"]) == "true"
}

func nameSecret(node string) string {
	return node + ".node-password.k3s"
}

func hashPassword(password string, salt []byte) (string, error) {
	key, err := scrypt.Key([]byte(password), salt, scryptCost, 8, 1, 64)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(passwordForm, salt, key), nil
}

func newSalt() []byte {
	salt := make([]byte, 8)
	// It never returns an error.
	_, _ = rand.Read(salt)
	return salt
}
