package server

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/netip"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	discoverylisters "k8s.io/client-go/listers/discovery/v1"
	"k8s.io/client-go/tools/cache"
)

const (
	enableLoadBalancer = "svccontroller.k3s.cattle.io/enablelb"
	loadBalancerPool   = "svccontroller.k3s.cattle.io/lbpool"
)

// loadBalancers keeps the addresses of Services of type LoadBalancer as k3s's ServiceLB does
// (pkg/cloudprovider/servicelb.go), without the pods by which that forwards traffic.
type loadBalancers struct {
	client   *kubernetes.Clientset
	services corelisters.ServiceLister
	nodes    corelisters.NodeLister
	slices   discoverylisters.EndpointSliceLister
}

// watchLoadBalancers goes on until ctx ends. What fails is said, and tried again.
func watchLoadBalancers(ctx context.Context, client *kubernetes.Clientset) {
	factory := informers.NewSharedInformerFactory(client, time.Minute)
	keeper := &loadBalancers{
		client:   client,
		services: factory.Core().V1().Services().Lister(),
		nodes:    factory.Core().V1().Nodes().Lister(),
		slices:   factory.Discovery().V1().EndpointSlices().Lister(),
	}
	changes := make(chan struct{}, 1)
	tell := func() {
		select {
		case changes <- struct{}{}:
		default:
		}
	}
	handler := cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { tell() },
		UpdateFunc: func(any, any) { tell() },
		DeleteFunc: func(any) { tell() },
	}
	for _, informer := range []cache.SharedIndexInformer{
		factory.Core().V1().Services().Informer(),
		factory.Core().V1().Nodes().Informer(),
		factory.Discovery().V1().EndpointSlices().Informer(),
	} {
		if _, err := informer.AddEventHandler(handler); err != nil {
			slog.Error("Error watching for load balancers", "error", err)
			return
		}
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	for {
		select {
		case <-ctx.Done():
			return
		case <-changes:
		}
		if err := keeper.update(ctx); err != nil && ctx.Err() == nil {
			slog.Error("Error updating load balancers", "error", err)
			time.AfterFunc(time.Second, tell)
		}
	}
}

func (keeper *loadBalancers) update(ctx context.Context) error {
	services, err := keeper.services.List(labels.Everything())
	if err != nil {
		return err
	}
	nodes, err := keeper.nodes.List(labels.Everything())
	if err != nil {
		return err
	}
	for _, service := range services {
		// Of another class it is somebody else's (k8s.io/cloud-provider: wantsLoadBalancer).
		if service.Spec.Type != corev1.ServiceTypeLoadBalancer || service.Spec.LoadBalancerClass != nil {
			continue
		}
		endpoints, err := keeper.slices.EndpointSlices(service.Namespace).List(
			labels.SelectorFromSet(labels.Set{discoveryv1.LabelServiceName: service.Name}))
		if err != nil {
			return err
		}
		if err := keeper.set(ctx, service, planAddresses(service, nodes, endpoints)); err != nil {
			return err
		}
	}
	return nil
}

func (keeper *loadBalancers) set(ctx context.Context, service *corev1.Service, addresses []string) error {
	present := []string{}
	for _, one := range service.Status.LoadBalancer.Ingress {
		present = append(present, one.IP)
	}
	if slices.Equal(present, addresses) {
		return nil
	}
	// Not an empty list in place of none.
	var ingress []corev1.LoadBalancerIngress
	for _, address := range addresses {
		ingress = append(ingress, corev1.LoadBalancerIngress{IP: address})
	}
	patch, err := json.Marshal(map[string]any{
		"status": map[string]any{"loadBalancer": map[string]any{"ingress": ingress}},
	})
	if err != nil {
		return err
	}
	slog.Info("Updating load balancer", "service", service.Namespace+"/"+service.Name, "from", present, "to", addresses)
	_, err = keeper.client.CoreV1().Services(service.Namespace).Patch(
		ctx, service.Name, types.MergePatchType, patch, metav1.PatchOptions{}, "status")
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// planAddresses gives the external addresses of the nodes that would have a ready pod of ServiceLB; when
// none of those has one, their internal addresses.
func planAddresses(service *corev1.Service, nodes []*corev1.Node, endpoints []*discoveryv1.EndpointSlice) []string {
	isLabeled := slices.ContainsFunc(nodes, func(node *corev1.Node) bool {
		_, found := node.Labels[enableLoadBalancer]
		return found
	})
	external, internal := []string{}, []string{}
	for _, node := range nodes {
		// The node controller takes readiness from the pods of a node that is not ready. A cordon takes
		// nothing from a DaemonSet's.
		if !isNodeReady(node) || isLabeled && !isChosen(node, service) || !isLocalTo(node, service, endpoints) {
			continue
		}
		for _, address := range node.Status.Addresses {
			switch address.Type {
			case corev1.NodeExternalIP:
				external = append(external, address.Address)
			case corev1.NodeInternalIP:
				internal = append(internal, address.Address)
			}
		}
	}
	if len(external) > 0 {
		return orderByFamily(external, service)
	}
	return orderByFamily(internal, service)
}

func isNodeReady(node *corev1.Node) bool {
	return slices.ContainsFunc(node.Status.Conditions, func(condition corev1.NodeCondition) bool {
		return condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionTrue
	})
}

func isChosen(node *corev1.Node, service *corev1.Service) bool {
	pool := service.Labels[loadBalancerPool]
	return node.Labels[enableLoadBalancer] == "true" && (pool == "" || node.Labels[loadBalancerPool] == pool)
}

// isLocalTo is whether a Service that wants only pods of the node itself has a ready one there.
func isLocalTo(node *corev1.Node, service *corev1.Service, endpoints []*discoveryv1.EndpointSlice) bool {
	if service.Spec.ExternalTrafficPolicy != corev1.ServiceExternalTrafficPolicyLocal {
		return true
	}
	for _, one := range endpoints {
		for _, endpoint := range one.Endpoints {
			isPod := endpoint.TargetRef != nil && endpoint.TargetRef.Kind == "Pod"
			isReady := endpoint.Conditions.Ready != nil && *endpoint.Conditions.Ready
			if isPod && isReady && endpoint.NodeName != nil && *endpoint.NodeName == node.Name {
				return true
			}
		}
	}
	return false
}

func orderByFamily(addresses []string, service *corev1.Service) []string {
	slices.Sort(addresses)
	addresses = slices.Compact(addresses)
	ordered := []string{}
	for _, family := range service.Spec.IPFamilies {
		for _, address := range addresses {
			parsed, err := netip.ParseAddr(address)
			if err == nil && parsed.Is6() == (family == corev1.IPv6Protocol) {
				ordered = append(ordered, address)
			}
		}
	}
	return ordered
}
