package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// setUpKernel sets what pods' traffic needs, as k3s does; modules are the machine's business.
func setUpKernel() error {
	if _, err := os.Stat("/proc/sys/net/bridge"); errors.Is(err, fs.ErrNotExist) {
		return errors.New("the kernel has no br_netfilter, without which Services are not reached from the same node: load the module")
	}
	for _, name := range []string{
		"net/ipv4/ip_forward",
		"net/ipv4/conf/all/forwarding",
		"net/ipv4/conf/default/forwarding",
		"net/bridge/bridge-nf-call-iptables",
	} {
		if err := os.WriteFile(filepath.Join("/proc/sys", name), []byte("1"), 0); err != nil {
			return fmt.Errorf("cannot set %s: %w", name, err)
		}
	}
	return nil
}
