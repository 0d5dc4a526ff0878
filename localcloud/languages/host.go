package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// exitMessageShown is the status of a program that has shown the user what is wrong itself.
const exitMessageShown = 32

// starter makes the command of a project's program, with what its environment needs beside this process's.
type starter func(ctx context.Context, engine string, run *pulumirpc.RunRequest) (*exec.Cmd, error)

// host is what the engine needs of a language host in an update. Cancel is not: the engine refuses the program's next
// request, and the program ends.
// E is the protocol's empty message, whose type only the SDK names.
type host[E any] struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	start  starter
	engine string
}

// newHost makes a host; the method is the protocol's own of that name, which says what E is.
func newHost[E any](
	_ func(pulumirpc.UnimplementedLanguageRuntimeServer, context.Context, *E) (*pulumirpc.PluginInfo, error),
	start starter, engine string,
) *host[E] {
	return &host[E]{start: start, engine: engine}
}

func (h *host[E]) GetPluginInfo(context.Context, *E) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{}, nil
}

func (h *host[E]) Handshake(
	_ context.Context, request *pulumirpc.LanguageHandshakeRequest,
) (*pulumirpc.LanguageHandshakeResponse, error) {
	if request.EngineAddress != "" {
		h.engine = request.EngineAddress
	}
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

// GetRequiredPackages names none: plugins are never downloaded here, and one on PATH is found when it is needed.
func (h *host[E]) GetRequiredPackages(
	context.Context, *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	return &pulumirpc.GetRequiredPackagesResponse{}, nil
}

// Run runs a program to its end.
func (h *host[E]) Run(ctx context.Context, request *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	command, err := h.start(ctx, h.engine, request)
	if err != nil {
		return &pulumirpc.RunResponse{Error: err.Error()}, nil
	}
	config, err := json.Marshal(request.Config)
	if err != nil {
		return nil, err
	}
	secret, err := json.Marshal(request.ConfigSecretKeys)
	if err != nil {
		return nil, err
	}
	command.Env = append(os.Environ(), command.Env...)
	command.Env = append(command.Env, "PULUMI_CONFIG="+string(config), "PULUMI_CONFIG_SECRET_KEYS="+string(secret))
	// The engine shows what a host says; stdout of this one has nothing but its port.
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
	var exit *exec.ExitError
	switch err = command.Run(); {
	case err == nil:
		return &pulumirpc.RunResponse{}, nil
	case errors.As(err, &exit) && exit.ExitCode() == exitMessageShown:
		return &pulumirpc.RunResponse{Bail: true}, nil
	default:
		return &pulumirpc.RunResponse{Error: "the program ended: " + err.Error()}, nil
	}
}
