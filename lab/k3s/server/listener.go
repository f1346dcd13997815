package server

import (
	"context"
	"errors"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// gatewayListener takes the connections to every address but kube-apiserver's. The kernel gives it
// those too while kube-apiserver does not listen, and the gateway would then speak to itself.
type gatewayListener struct {
	net.Listener
}

// listen shares the port: the kernel prefers the socket that has a connection's own address.
func listen(address string) (net.Listener, error) {
	shared := net.ListenConfig{Control: func(_, _ string, socket syscall.RawConn) error {
		var failed error
		err := socket.Control(func(handle uintptr) {
			failed = unix.SetsockoptInt(int(handle), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
		})
		return errors.Join(err, failed)
	}}
	listener, err := shared.Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, err
	}
	return gatewayListener{listener}, nil
}

// Accept gives the next connection that is for the gateway.
func (listener gatewayListener) Accept() (net.Conn, error) {
	for {
		connection, err := listener.Listener.Accept()
		if err != nil {
			return nil, err
		}
		local, isTCP := connection.LocalAddr().(*net.TCPAddr)
		if !isTCP || !local.IP.Equal(net.ParseIP(apiAddress)) {
			return connection, nil
		}
		_ = connection.Close()
	}
}
