package server

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// freePort returns a port of the loopback interface that nobody listens on. Another
// process may take it before the caller does. It lies below the ports that systems
// give to outgoing connections, so that a server that is down for a while finds its
// port free when it comes back.
func freePort() (int, error) {
	const lowest, highest = 10000, 32767
	for range 100 {
		port := lowest + rand.IntN(highest-lowest+1)
		listener, err := net.Listen("tcp", address(port))
		if err != nil {
			continue
		}
		return port, listener.Close()
	}
	return 0, fmt.Errorf("no free port from %d to %d", lowest, highest)
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
