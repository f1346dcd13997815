package server

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func makeNode(name, internal, external string, change func(*corev1.Node)) *corev1.Node {
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{}}}
	node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
	node.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: internal}}
	if external != "" {
		node.Status.Addresses = append(node.Status.Addresses, corev1.NodeAddress{Type: corev1.NodeExternalIP, Address: external})
	}
	if change != nil {
		change(node)
	}
	return node
}

func makeService(change func(*corev1.Service)) *corev1.Service {
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "shop", Labels: map[string]string{}}}
	service.Spec.Type = corev1.ServiceTypeLoadBalancer
	service.Spec.IPFamilies = []corev1.IPFamily{corev1.IPv4Protocol}
	if change != nil {
		change(service)
	}
	return service
}

func setUnready(node *corev1.Node) { node.Status.Conditions[0].Status = corev1.ConditionUnknown }
func cordon(node *corev1.Node)     { node.Spec.Unschedulable = true }

func setLabel(name, value string) func(*corev1.Node) {
	return func(node *corev1.Node) { node.Labels[name] = value }
}

func setLocal(service *corev1.Service) {
	service.Spec.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyLocal
}

func TestPlanAddresses(t *testing.T) {
	for _, one := range []struct {
		name      string
		service   *corev1.Service
		nodes     []*corev1.Node
		endpoints []*discoveryv1.EndpointSlice
		want      []string
	}{{
		name:  "the external ones, in order",
		nodes: []*corev1.Node{makeNode("b", "100.64.0.2", "192.0.2.2", nil), makeNode("a", "100.64.0.1", "192.0.2.1", nil)},
		want:  []string{"192.0.2.1", "192.0.2.2"},
	}, {
		name:  "no internal one once a node has an external one",
		nodes: []*corev1.Node{makeNode("a", "100.64.0.1", "", nil), makeNode("b", "100.64.0.2", "192.0.2.2", nil)},
		want:  []string{"192.0.2.2"},
	}, {
		name:  "the internal ones where there are no others",
		nodes: []*corev1.Node{makeNode("a", "10.0.0.1", "", nil), makeNode("b", "10.0.0.2", "", nil)},
		want:  []string{"10.0.0.1", "10.0.0.2"},
	}, {
		name: "not of a node that is not ready, but of one that is cordoned",
		nodes: []*corev1.Node{
			makeNode("a", "10.0.0.1", "192.0.2.1", setUnready), makeNode("b", "10.0.0.2", "192.0.2.2", cordon),
		},
		want: []string{"192.0.2.2"},
	}, {
		name:  "none of no node",
		nodes: []*corev1.Node{makeNode("a", "10.0.0.1", "192.0.2.1", setUnready)},
		want:  []string{},
	}, {
		name: "once a node has the label, only of those where it is true",
		nodes: []*corev1.Node{
			makeNode("a", "10.0.0.1", "192.0.2.1", setLabel(enableLoadBalancer, "true")),
			makeNode("b", "10.0.0.2", "192.0.2.2", setLabel(enableLoadBalancer, "false")),
			makeNode("c", "10.0.0.3", "192.0.2.3", nil),
		},
		want: []string{"192.0.2.1"},
	}, {
		name:    "of a pool, where there are pools",
		service: makeService(func(service *corev1.Service) { service.Labels[loadBalancerPool] = "edge" }),
		nodes: []*corev1.Node{
			makeNode("a", "10.0.0.1", "192.0.2.1", setLabel(enableLoadBalancer, "true")),
			makeNode("b", "10.0.0.2", "192.0.2.2", func(node *corev1.Node) {
				node.Labels[enableLoadBalancer], node.Labels[loadBalancerPool] = "true", "edge"
			}),
		},
		want: []string{"192.0.2.2"},
	}, {
		name:    "for local traffic, of nodes with a ready pod of the Service",
		service: makeService(setLocal),
		nodes:   []*corev1.Node{makeNode("a", "10.0.0.1", "192.0.2.1", nil), makeNode("b", "10.0.0.2", "192.0.2.2", nil)},
		endpoints: []*discoveryv1.EndpointSlice{{Endpoints: []discoveryv1.Endpoint{
			{NodeName: new("a"), Conditions: discoveryv1.EndpointConditions{Ready: new(false)}, TargetRef: &corev1.ObjectReference{Kind: "Pod"}},
			{NodeName: new("b"), Conditions: discoveryv1.EndpointConditions{Ready: new(true)}, TargetRef: &corev1.ObjectReference{Kind: "Pod"}},
		}}},
		want: []string{"192.0.2.2"},
	}, {
		name: "only of the families that the Service has",
		service: makeService(func(service *corev1.Service) {
			service.Spec.IPFamilies = []corev1.IPFamily{corev1.IPv6Protocol, corev1.IPv4Protocol}
		}),
		nodes: []*corev1.Node{
			makeNode("a", "10.0.0.1", "192.0.2.1", nil), makeNode("b", "10.0.0.2", "2001:db8::1", nil),
		},
		want: []string{"2001:db8::1", "192.0.2.1"},
	}} {
		t.Run(one.name, func(t *testing.T) {
			service := one.service
			if service == nil {
				service = makeService(nil)
			}
			if got := planAddresses(service, one.nodes, one.endpoints); !slices.Equal(got, one.want) {
				t.Errorf("got %v, want %v", got, one.want)
			}
		})
	}
}
