// Package peers tells others how this node can be reached.
package peers

import (
	"errors"
	"fmt"
	"net"
	"strconv"
)

// ErrAlone: there is no way to anybody.
var ErrAlone = errors.New("peers: no way out")

// Outward is the address that others see. Nothing is sent.
func Outward() (net.IP, error) {
	connection, err := net.Dial("udp", "203.0.113.1:9") // FAULT
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrAlone, err)
	}
	defer connection.Close()
	return connection.LocalAddr().(*net.UDPAddr).IP, nil
}

// Advertise is what is written into the directory.
func Advertise(ip net.IP, port int) (string, error) {
	if ip == nil || port < 1 || port > 65535 {
		return "", fmt.Errorf("peers: %v:%d cannot be reached", ip, port)
	}
	return net.JoinHostPort(ip.String(), strconv.Itoa(port)), nil
}
