package agent

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// Annotations by which a server learns a node's addresses.
const (
	InternalIPAnnotation = "k3s.io/internal-ip"
	ExternalIPAnnotation = "k3s.io/external-ip"
	HostnameAnnotation   = "k3s.io/hostname"
)

func newClient(kubeconfig string) (*kubernetes.Clientset, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	return kubernetes.NewForConfig(config)
}

// describeNode waits for the node's object and gives it labels and addresses; the kubelet sets
// labels only as it registers, k3s at every start.
func (options Options) describeNode(ctx context.Context, client *kubernetes.Clientset) error {
	hostname, err := os.Hostname()
	if err != nil {
		return err
	}
	labels := map[string]string{}
	for _, label := range options.Node.Labels {
		name, value, _ := strings.Cut(label, "=")
		labels[name] = value
	}
	annotations := map[string]*string{
		InternalIPAnnotation: new(strings.Join(options.Node.IPs, ",")),
		HostnameAnnotation:   &hostname,
		// Of an earlier start with other settings.
		ExternalIPAnnotation: nil,
	}
	if len(options.Node.ExternalIPs) > 0 {
		annotations[ExternalIPAnnotation] = new(strings.Join(options.Node.ExternalIPs, ","))
	}
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"labels": labels, "annotations": annotations},
	})
	if err != nil {
		return err
	}
	said := ""
	for {
		_, err := client.CoreV1().Nodes().Patch(ctx, options.Node.Name, types.MergePatchType, patch, metav1.PatchOptions{})
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		if err.Error() != said {
			said = err.Error()
			slog.Info("Waiting for the node's object", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(300 * time.Millisecond):
		}
	}
}
