package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// startGo compiles the program, then starts it.
func startGo(ctx context.Context, engine string, run *pulumirpc.RunRequest) (*exec.Cmd, error) {
	scratch, err := os.MkdirTemp("", "pulumi-go-")
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { os.RemoveAll(scratch) }) //nolint:errcheck // temporary as it is
	program := filepath.Join(scratch, "program")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, run.Info.EntryPoint)
	build.Dir = run.Info.ProgramDirectory
	if output, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build: %w\n%s", err, output)
	}
	command := exec.CommandContext(ctx, program)
	command.Dir = run.Pwd
	command.Env = []string{
		"PULUMI_MONITOR=" + run.MonitorAddress, "PULUMI_ENGINE=" + engine, "PULUMI_ORGANIZATION=" + run.Organization,
		"PULUMI_PROJECT=" + run.Project, "PULUMI_STACK=" + run.Stack, "PULUMI_ROOT_DIRECTORY=" + run.Info.RootDirectory,
		"PULUMI_DRY_RUN=" + strconv.FormatBool(run.DryRun), "PULUMI_PARALLEL=" + strconv.Itoa(int(run.Parallel)),
	}
	return command, nil
}
