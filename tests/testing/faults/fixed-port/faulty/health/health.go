// Package health answers probes on a port of its own.
package health

import (
	"context"
	"fmt"
	"net"
	"net/http"
)

// Server answers probes.
type Server struct {
	http http.Server
	at   net.Addr
}

// Start listens and answers with what `ready` says.
func Start(address string, ready func() error) (*Server, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("health: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/ready", func(w http.ResponseWriter, _ *http.Request) {
		if err := ready(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		}
	})
	s := &Server{http: http.Server{Handler: mux}, at: listener.Addr()}
	go s.http.Serve(listener)
	return s, nil
}

// URL of a path on this server.
func (s *Server) URL(path string) string { return "http://" + s.at.String() + path }

// Stop ends it.
func (s *Server) Stop() { s.http.Shutdown(context.Background()) }
