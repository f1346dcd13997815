// What the k3s stand-in takes from flannel; this file goes when the stand-in's own source comes.
package main

import (
	_ "github.com/flannel-io/flannel/pkg/backend/vxlan"
	_ "github.com/flannel-io/flannel/pkg/backend/wireguard"
	_ "github.com/flannel-io/flannel/pkg/subnet/kube"
)

func main() {}
