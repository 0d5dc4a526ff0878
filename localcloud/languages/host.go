package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
)

// exitMessageShown is the status of a program that has shown the user what is wrong itself.
const exitMessageShown = 32

// starter makes the command of a project's program, with what its environment needs beside this process's.
type starter func(ctx context.Context, engine string, run *pulumirpc.RunRequest) (*exec.Cmd, error)

// host is what the engine needs of a language host in an update.
type host struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	start  starter
	engine string
}

func (h *host) Handshake(
	_ context.Context, request *pulumirpc.LanguageHandshakeRequest,
) (*pulumirpc.LanguageHandshakeResponse, error) {
	if request.EngineAddress != "" {
		h.engine = request.EngineAddress
	}
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

func (h *host) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{}, nil
}

func (h *host) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	// The engine stops the program by itself: its next request is refused, and it ends.
	return &emptypb.Empty{}, nil
}

// GetRequiredPackages names none: plugins are never downloaded here, and one on PATH is found when it is needed.
func (h *host) GetRequiredPackages(
	context.Context, *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	return &pulumirpc.GetRequiredPackagesResponse{}, nil
}

// Run runs a program to its end.
func (h *host) Run(ctx context.Context, request *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
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
