package server

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"math/big"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"infra-k3s/lab/k3s/bundle"
	"infra-k3s/lab/k3s/token"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	tokenLetters = "abcdefghijklmnopqrstuvwxyz0123456789"
	tokenPrefix  = "bootstrap-token-"
	tokenLife    = 24 * time.Hour
)

// RunToken is `k3s token` (https://docs.k3s.io/cli/token), on a server.
func RunToken(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("token: create, generate, list or delete is needed")
	}
	verb, args := args[0], args[1:]
	if verb == "generate" {
		fmt.Println(newBootstrapToken())
		return nil
	}
	options := flag.NewFlagSet("k3s token "+verb, flag.ContinueOnError)
	dataFolder := options.String("data-dir", bundle.DefaultDataFolder, "folder that holds the state")
	kubeconfig := options.String("kubeconfig", "", "a server's kubeconfig")
	life := options.Duration("ttl", tokenLife, "how long a token lasts; 0 for ever")
	description := options.String("description", "", "what a token is for")
	if err := options.Parse(args); err != nil {
		return err
	}
	config := config{dataFolder: *dataFolder}
	file := *kubeconfig
	if file == "" {
		file = config.serverFile("cred/supervisor.kubeconfig")
	}
	loaded, err := clientcmd.BuildConfigFromFlags("", file)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(loaded)
	if err != nil {
		return err
	}
	switch verb {
	case "create":
		return createToken(ctx, client, config, options.Arg(0), *description, *life)
	case "list":
		return listTokens(ctx, client)
	case "delete":
		return deleteTokens(ctx, client, options.Args())
	default:
		return fmt.Errorf("the lab's k3s stand-in has no token %s", verb)
	}
}

func createToken(
	ctx context.Context, client *kubernetes.Clientset, config config, given, description string, life time.Duration,
) error {
	if given == "" {
		given = newBootstrapToken()
	}
	parsed, err := token.Parse(given)
	if err != nil {
		return err
	}
	if !parsed.IsBootstrap {
		return errors.New("a token has to be 6 letters or digits, a dot, and 16 of them")
	}
	ca, err := os.ReadFile(config.serverFile("tls/server-ca.crt"))
	if err != nil {
		return err
	}
	data := map[string]string{
		"token-id":                       parsed.User,
		"token-secret":                   parsed.Secret,
		"description":                    description,
		"usage-bootstrap-authentication": "true",
		"usage-bootstrap-signing":        "true",
		"auth-extra-groups":              "system:bootstrappers:k3s:default-node-token",
	}
	if life > 0 {
		data["expiration"] = time.Now().Add(life).UTC().Format(time.RFC3339)
	}
	_, err = client.CoreV1().Secrets(metav1.NamespaceSystem).Create(ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: tokenPrefix + parsed.User},
		Type:       corev1.SecretTypeBootstrapToken,
		StringData: data,
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	parsed.CAHash = token.HashCA(ca)
	fmt.Println(parsed)
	return nil
}

func listTokens(ctx context.Context, client *kubernetes.Clientset) error {
	secrets, err := client.CoreV1().Secrets(metav1.NamespaceSystem).List(ctx, metav1.ListOptions{
		FieldSelector: "type=" + string(corev1.SecretTypeBootstrapToken),
	})
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(os.Stdout, 10, 4, 3, ' ', 0)
	fmt.Fprintln(table, "TOKEN\tTTL\tEXPIRES\tUSAGES\tDESCRIPTION\tEXTRA GROUPS")
	for _, secret := range secrets.Items {
		left, end := "<forever>", "<never>"
		if over, err := time.Parse(time.RFC3339, string(secret.Data["expiration"])); err == nil {
			left, end = time.Until(over).Round(time.Second).String(), over.Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\tauthentication,signing\t%s\t%s\n", secret.Data["token-id"], left, end,
			secret.Data["description"], secret.Data["auth-extra-groups"])
	}
	return table.Flush()
}

func deleteTokens(ctx context.Context, client *kubernetes.Clientset, names []string) error {
	if len(names) == 0 {
		return errors.New("token delete: the id of a token is needed")
	}
	for _, name := range names {
		id, _, _ := strings.Cut(name, ".")
		if err := client.CoreV1().Secrets(metav1.NamespaceSystem).Delete(ctx, tokenPrefix+id, metav1.DeleteOptions{}); err != nil {
			return err
		}
		fmt.Printf("bootstrap token %q deleted\n", id)
	}
	return nil
}

func newBootstrapToken() string {
	letters := make([]byte, 22)
	for index := range letters {
		number, err := rand.Int(rand.Reader, big.NewInt(int64(len(tokenLetters))))
		if err != nil {
			panic(err)
		}
		letters[index] = tokenLetters[number.Int64()]
	}
	return string(letters[:6]) + "." + string(letters[6:])
}
