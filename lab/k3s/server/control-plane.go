package server

import (
	"fmt"
	"os"
	"strings"
	"time"

	"infra-k3s/lab/k3s/process"
	"infra-k3s/lab/k3s/token"
)

// frontProxyName is whom kube-apiserver believes when it says who asks.
const frontProxyName = "system:auth-proxy"

// planEtcd is a member alone, with the timers of k3s, which are made for slow disks.
func (config config) planEtcd() (process.Program, error) {
	folder := config.serverFile("db/etcd")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return process.Program{}, err
	}
	name, err := config.nameMember(folder + "/name")
	if err != nil {
		return process.Program{}, err
	}
	tls := config.serverFile("tls/etcd") + "/"
	peer := fmt.Sprintf("https://%s:2380", config.node.IPs[0])
	client := fmt.Sprintf("https://%s:2379", config.node.IPs[0])
	args := []string{
		"--name=" + name,
		"--data-dir=" + folder,
		"--listen-client-urls=https://" + etcdAddress + "," + client,
		"--advertise-client-urls=" + client,
		"--listen-peer-urls=https://127.0.0.1:2380," + peer,
		"--initial-advertise-peer-urls=" + peer,
		"--initial-cluster=" + name + "=" + peer,
		"--listen-metrics-urls=http://127.0.0.1:2381",
		"--heartbeat-interval=500",
		"--election-timeout=5000",
		"--snapshot-count=10000",
		"--log-level=warn",
		"--client-cert-auth",
		"--trusted-ca-file=" + tls + "server-ca.crt",
		"--cert-file=" + tls + "server-client.crt",
		"--key-file=" + tls + "server-client.key",
		"--peer-client-cert-auth",
		"--peer-trusted-ca-file=" + tls + "peer-ca.crt",
		"--peer-cert-file=" + tls + "peer-server-client.crt",
		"--peer-key-file=" + tls + "peer-server-client.key",
	}
	return process.Program{
		Name:  "etcd",
		Path:  config.program("etcd"),
		Args:  append(args, config.values.Arguments("etcd-arg")...),
		Grace: 10 * time.Second,
	}, nil
}

// nameMember is the node's name and something random, made once.
func (config config) nameMember(file string) (string, error) {
	if data, err := os.ReadFile(file); err == nil {
		return strings.TrimSpace(string(data)), nil
	}
	name := config.node.Name + "-" + token.NewSecret()[:8]
	return name, os.WriteFile(file, []byte(name), 0o600)
}

// planAPIServer listens only to this machine; the gateway takes what comes from elsewhere. It has to be
// on the same port: that is the one it advertises to pods.
func (config config) planAPIServer() process.Program {
	tls := config.serverFile("tls") + "/"
	issuer := "https://kubernetes.default.svc." + config.cluster.ClusterDomain
	args := []string{
		"--advertise-address=" + config.advertiseAddress,
		"--allow-privileged=true",
		"--anonymous-auth=false",
		"--api-audiences=" + issuer + ",k3s",
		"--authorization-mode=Node,RBAC",
		"--bind-address=" + apiAddress,
		"--cert-dir=" + tls + "temporary-certs",
		"--client-ca-file=" + tls + "client-ca.crt",
		"--enable-admission-plugins=NodeRestriction",
		"--enable-bootstrap-token-auth=true",
		"--etcd-cafile=" + tls + "etcd/server-ca.crt",
		"--etcd-certfile=" + tls + "etcd/client.crt",
		"--etcd-keyfile=" + tls + "etcd/client.key",
		"--etcd-servers=https://" + etcdAddress,
		"--kubelet-certificate-authority=" + tls + "server-ca.crt",
		"--kubelet-client-certificate=" + tls + "client-kube-apiserver.crt",
		"--kubelet-client-key=" + tls + "client-kube-apiserver.key",
		"--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname",
		"--permit-port-sharing=true",
		"--profiling=false",
		"--proxy-client-cert-file=" + tls + "client-auth-proxy.crt",
		"--proxy-client-key-file=" + tls + "client-auth-proxy.key",
		"--requestheader-allowed-names=" + frontProxyName,
		"--requestheader-client-ca-file=" + tls + "request-header-ca.crt",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-username-headers=X-Remote-User",
		"--secure-port=" + config.port,
		"--service-account-issuer=" + issuer,
		"--service-account-key-file=" + tls + "service.key",
		"--service-account-signing-key-file=" + tls + "service.key",
		"--service-cluster-ip-range=" + config.cluster.ServiceCIDR,
		"--service-node-port-range=30000-32767",
		"--storage-backend=etcd3",
		"--tls-cert-file=" + tls + "serving-kube-apiserver.crt",
		"--tls-private-key-file=" + tls + "serving-kube-apiserver.key",
	}
	if config.values.IsOn("secrets-encryption") {
		args = append(args, "--encryption-provider-config="+config.serverFile("cred/encryption-config.json"))
	}
	return config.plan("kube-apiserver", args)
}

func (config config) planControllerManager() process.Program {
	tls := config.serverFile("tls") + "/"
	kubeconfig := config.serverFile("cred/controller.kubeconfig")
	args := []string{
		"--allocate-node-cidrs=true",
		"--authentication-kubeconfig=" + kubeconfig,
		"--authorization-kubeconfig=" + kubeconfig,
		"--bind-address=" + loopback,
		"--cluster-cidr=" + config.cluster.ClusterCIDR,
		"--cluster-signing-kube-apiserver-client-cert-file=" + tls + "client-ca.crt",
		"--cluster-signing-kube-apiserver-client-key-file=" + tls + "client-ca.key",
		"--cluster-signing-kubelet-client-cert-file=" + tls + "client-ca.crt",
		"--cluster-signing-kubelet-client-key-file=" + tls + "client-ca.key",
		"--cluster-signing-kubelet-serving-cert-file=" + tls + "server-ca.crt",
		"--cluster-signing-kubelet-serving-key-file=" + tls + "server-ca.key",
		"--cluster-signing-legacy-unknown-cert-file=" + tls + "server-ca.crt",
		"--cluster-signing-legacy-unknown-key-file=" + tls + "server-ca.key",
		"--controllers=*,tokencleaner",
		"--kubeconfig=" + kubeconfig,
		"--profiling=false",
		"--root-ca-file=" + tls + "server-ca.crt",
		"--secure-port=10257",
		"--service-account-private-key-file=" + tls + "service.key",
		"--service-cluster-ip-range=" + config.cluster.ServiceCIDR,
		"--tls-cert-file=" + tls + "serving-kube-apiserver.crt",
		"--tls-private-key-file=" + tls + "serving-kube-apiserver.key",
		"--use-service-account-credentials=true",
	}
	return config.plan("kube-controller-manager", args)
}

func (config config) planScheduler() process.Program {
	tls := config.serverFile("tls") + "/"
	kubeconfig := config.serverFile("cred/scheduler.kubeconfig")
	args := []string{
		"--authentication-kubeconfig=" + kubeconfig,
		"--authorization-kubeconfig=" + kubeconfig,
		"--bind-address=" + loopback,
		"--kubeconfig=" + kubeconfig,
		"--profiling=false",
		"--secure-port=10259",
		"--tls-cert-file=" + tls + "serving-kube-apiserver.crt",
		"--tls-private-key-file=" + tls + "serving-kube-apiserver.key",
	}
	return config.plan("kube-scheduler", args)
}

func (config config) plan(name string, args []string) process.Program {
	return process.Program{
		Name:  name,
		Path:  config.program(name),
		Args:  append(args, config.values.Arguments(name+"-arg")...),
		Grace: 5 * time.Second,
	}
}
