package main

import (
	"io"
	"net/http"
)

const (
	serving    = 1
	notServing = 2
)

// grpcHealth answers grpc.health.v1.Health/Check, so that routes for gRPC have something to lead to. The answer is one
// frame: not compressed, two bytes long, and in these the field 1 of the message, its status.
func (a *app) grpcHealth(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, 4096))
	told, draining := a.state()
	status := byte(serving)
	if draining || told.FailHealthz {
		status = notServing
	}
	w.Header().Set("Content-Type", "application/grpc")
	w.Header().Set("X-Color", a.color)
	w.Header().Set("Trailer", "Grpc-Status")
	w.Write([]byte{0, 0, 0, 0, 2, 1 << 3, status})
	w.Header().Set("Grpc-Status", "0")
}
