package server

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"infra-k3s/lab/k3s/agent"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

const (
	uninitialized = "node.cloudprovider.kubernetes.io/uninitialized"
	instanceType  = "node.kubernetes.io/instance-type"
	nodeHosts     = "NodeHosts"
)

// nodes does for nodes what k3s's own cloud controller does, and keeps their names for CoreDNS.
type nodes struct {
	client    *kubernetes.Clientset
	passwords *passwords
	own       string
	hosts     string
}

// watchNodes returns when the nodes that are there have been seen to, and goes on until ctx ends.
func watchNodes(ctx context.Context, client *kubernetes.Clientset, passwords *passwords, own string) error {
	watcher := &nodes{client: client, passwords: passwords, own: own}
	factory := informers.NewSharedInformerFactory(client, time.Minute)
	informer := factory.Core().V1().Nodes()
	store := informer.Informer().GetStore()
	see := func(object any) {
		node, isNode := object.(*corev1.Node)
		if !isNode {
			return
		}
		if err := watcher.see(ctx, node, store.List()); err != nil && ctx.Err() == nil {
			slog.Error("Error syncing node "+node.Name, "error", err)
		}
	}
	_, err := informer.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    see,
		UpdateFunc: func(_, object any) { see(object) },
		DeleteFunc: func(object any) {
			if gone, isUnknown := object.(cache.DeletedFinalStateUnknown); isUnknown {
				object = gone.Obj
			}
			if node, isNode := object.(*corev1.Node); isNode {
				if err := watcher.forget(ctx, node.Name, store.List()); err != nil && ctx.Err() == nil {
					slog.Error("Error removing node "+node.Name, "error", err)
				}
			}
		},
	})
	if err != nil {
		return err
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	return ctx.Err()
}

func (nodes *nodes) see(ctx context.Context, node *corev1.Node, all []any) error {
	if err := nodes.ensureAddresses(ctx, node); err != nil {
		return err
	}
	if err := nodes.ensureMetadata(ctx, node); err != nil {
		return err
	}
	return nodes.ensureHosts(ctx, all)
}

func (nodes *nodes) forget(ctx context.Context, name string, all []any) error {
	if err := nodes.passwords.forget(ctx, name); err != nil {
		return err
	}
	return nodes.ensureHosts(ctx, all)
}

// ensureMetadata takes the taint of new nodes away once their addresses are set.
func (nodes *nodes) ensureMetadata(ctx context.Context, node *corev1.Node) error {
	wanted := map[string]string{instanceType: "k3s", "beta.kubernetes.io/instance-type": "k3s"}
	if node.Name == nodes.own {
		wanted["node-role.kubernetes.io/control-plane"] = "true"
		wanted["node-role.kubernetes.io/etcd"] = "true"
	}
	labels := map[string]string{}
	for name, value := range wanted {
		if present, found := node.Labels[name]; !found || present != value {
			labels[name] = value
		}
	}
	spec := map[string]any{}
	if node.Spec.ProviderID == "" {
		spec["providerID"] = "k3s://" + node.Name
	}
	isNew := func(taint corev1.Taint) bool { return taint.Key == uninitialized }
	hasAddresses := node.Annotations[agent.InternalIPAnnotation] != ""
	if hasAddresses && slices.ContainsFunc(node.Spec.Taints, isNew) {
		spec["taints"] = slices.DeleteFunc(slices.Clone(node.Spec.Taints), isNew)
	}
	if len(labels) == 0 && len(spec) == 0 {
		return nil
	}
	patch, err := json.Marshal(map[string]any{
		// Somebody else may have changed the taints meanwhile.
		"metadata": map[string]any{"labels": labels, "resourceVersion": node.ResourceVersion},
		"spec":     spec,
	})
	if err != nil {
		return err
	}
	_, err = nodes.client.CoreV1().Nodes().Patch(ctx, node.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	// The change that was in the way brings the node here again.
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// ensureAddresses sets what the kubelet leaves to the cloud: its own would lack external addresses.
func (nodes *nodes) ensureAddresses(ctx context.Context, node *corev1.Node) error {
	internal := node.Annotations[agent.InternalIPAnnotation]
	if internal == "" {
		return nil
	}
	var wanted []corev1.NodeAddress
	add := func(kind corev1.NodeAddressType, list string) {
		for one := range strings.SplitSeq(list, ",") {
			if one != "" {
				wanted = append(wanted, corev1.NodeAddress{Type: kind, Address: one})
			}
		}
	}
	add(corev1.NodeInternalIP, internal)
	add(corev1.NodeExternalIP, node.Annotations[agent.ExternalIPAnnotation])
	add(corev1.NodeHostName, node.Annotations[agent.HostnameAnnotation])
	if slices.Equal(wanted, node.Status.Addresses) {
		return nil
	}
	changed := node.DeepCopy()
	changed.Status.Addresses = wanted
	_, err := nodes.client.CoreV1().Nodes().UpdateStatus(ctx, changed, metav1.UpdateOptions{})
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// ensureHosts lets pods find nodes by their names.
func (nodes *nodes) ensureHosts(ctx context.Context, all []any) error {
	lines := map[string]bool{}
	for _, object := range all {
		node, isNode := object.(*corev1.Node)
		if !isNode {
			continue
		}
		for _, address := range node.Status.Addresses {
			if address.Type == corev1.NodeInternalIP {
				lines[fmt.Sprintf("%s %s\n", address.Address, node.Name)] = true
			}
		}
	}
	hosts := strings.Join(slices.Sorted(maps.Keys(lines)), "")
	if hosts == nodes.hosts {
		return nil
	}
	patch, err := json.Marshal(map[string]any{"data": map[string]string{nodeHosts: hosts}})
	if err != nil {
		return err
	}
	_, err = nodes.client.CoreV1().ConfigMaps(metav1.NamespaceSystem).Patch(
		ctx, "coredns", types.MergePatchType, patch, metav1.PatchOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err == nil {
		nodes.hosts = hosts
	}
	return err
}
