// The sample app: says its color and version, can be told to fail or to be slow, and drains on SIGTERM.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// How long it goes on serving while unhealthy after SIGTERM, so that whoever routes to it can notice, and how long it then
// gives the requests that are still running.
const (
	drainNotice  = 1 * time.Second
	drainTimeout = 5 * time.Second
)

// faults is what it was told to do wrong; the JSON names are those of POST /control.
type faults struct {
	FailHealthz  bool `json:"fail_healthz"`
	FailRequests bool `json:"fail_requests"`
	SlowMS       int  `json:"slow_ms"`
}

type app struct {
	color, version, hostname string

	mu       sync.Mutex
	faults   faults
	draining bool
}

func (a *app) state() (faults, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.faults, a.draining
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

func (a *app) root(w http.ResponseWriter, r *http.Request) {
	told, draining := a.state()
	if draining { // a client with a kept connection has to come back to somebody else
		w.Header().Set("Connection", "close")
	}
	if told.SlowMS > 0 {
		select {
		case <-time.After(time.Duration(told.SlowMS) * time.Millisecond):
		case <-r.Context().Done():
			return
		}
	}
	w.Header().Set("X-Color", a.color)
	if told.FailRequests {
		reply(w, http.StatusInternalServerError, map[string]string{"error": "told to fail", "color": a.color})
		return
	}
	reply(w, http.StatusOK, map[string]string{"color": a.color, "version": a.version, "hostname": a.hostname})
}

func (a *app) healthz(w http.ResponseWriter, r *http.Request) {
	told, draining := a.state()
	w.Header().Set("X-Color", a.color)
	switch {
	case draining:
		reply(w, http.StatusServiceUnavailable, map[string]string{"status": "draining"})
	case told.FailHealthz:
		reply(w, http.StatusServiceUnavailable, map[string]string{"status": "told to fail"})
	default:
		reply(w, http.StatusOK, map[string]string{"status": "ok", "color": a.color, "version": a.version})
	}
}

// control changes only the faults that the body names, and answers with all of them.
func (a *app) control(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	told := a.faults
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&told); err != nil {
		reply(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	a.faults = told
	reply(w, http.StatusOK, told)
}

func env(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}

func newApp() (*app, error) {
	hostname, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	a := &app{color: env("COLOR", "none"), version: env("VERSION", "none"), hostname: hostname}
	switch fail := os.Getenv("FAIL"); fail {
	case "", "none":
	case "healthz":
		a.faults.FailHealthz = true
	case "requests":
		a.faults.FailRequests = true
	default:
		return nil, fmt.Errorf("FAIL is %q: it must be healthz, requests or none", fail)
	}
	slow, err := strconv.Atoi(env("SLOW_MS", "0"))
	if err != nil || slow < 0 {
		return nil, fmt.Errorf("SLOW_MS is %q: it must be a number of milliseconds", os.Getenv("SLOW_MS"))
	}
	a.faults.SlowMS = slow
	return a, nil
}

func main() {
	a, err := newApp()
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.root)
	mux.HandleFunc("GET /healthz", a.healthz)
	mux.HandleFunc("POST /control", a.control)
	mux.HandleFunc("POST /2015-03-31/functions/function/invocations", a.root) // as a Lambda function's image
	mux.HandleFunc("POST /grpc.health.v1.Health/Check", a.grpcHealth)
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true) // gRPC
	server := &http.Server{
		Addr:              net.JoinHostPort(os.Getenv("HOST"), env("PORT", "8080")),
		Handler:           mux,
		Protocols:         protocols,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      120 * time.Second,
		// Longer than any proxy keeps an idle connection (ELB: 60 s, others: 90 s): whoever reuses one must not find it closed.
		IdleTimeout: 180 * time.Second,
	}
	ended := make(chan struct{})
	signals, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	go func() {
		defer close(ended)
		<-signals.Done()
		a.mu.Lock()
		a.draining = true
		a.mu.Unlock()
		time.Sleep(drainNotice)
		limit, cancel := context.WithTimeout(context.Background(), drainTimeout)
		defer cancel()
		if err := server.Shutdown(limit); err != nil {
			log.Printf("ended with requests still running: %v", err)
		}
	}()
	log.Printf("color %s, version %s, listening on %s", a.color, a.version, server.Addr)
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		log.Fatal(err)
	}
	<-ended
}
