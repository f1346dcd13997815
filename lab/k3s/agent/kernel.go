package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
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

// mayAdjustOOM is whether this process may make the kernel spare others, as the pause container is to
// be. A machine within another one may not.
func mayAdjustOOM() bool {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(data)) {
		if mask, found := strings.CutPrefix(line, "CapEff:"); found {
			capabilities, err := strconv.ParseUint(strings.TrimSpace(mask), 16, 64)
			return err == nil && capabilities&(1<<unix.CAP_SYS_RESOURCE) != 0
		}
	}
	return false
}
