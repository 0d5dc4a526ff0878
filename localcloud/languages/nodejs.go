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

// startNode runs what npm has installed of Pulumi: it compiles TypeScript, too.
func startNode(ctx context.Context, engine string, run *pulumirpc.RunRequest) (*exec.Cmd, error) {
	root := run.Info.RootDirectory
	launcher := filepath.Join(root, "node_modules", "@pulumi", "pulumi", "cmd", "run")
	if _, err := os.Stat(launcher); err != nil {
		return nil, fmt.Errorf("the npm package @pulumi/pulumi is not installed in %s: run `pulumi install`", root)
	}
	arguments := []string{
		launcher, "--monitor", run.MonitorAddress, "--engine", engine, "--organization", run.Organization,
		"--project", run.Project, "--stack", run.Stack, "--root-directory", root, "--pwd", run.Pwd,
		"--parallel", strconv.Itoa(int(run.Parallel)),
	}
	if run.DryRun {
		arguments = append(arguments, "--dry-run")
	}
	command := exec.CommandContext(ctx, "node", append(arguments, run.Info.EntryPoint)...)
	command.Dir = run.Info.ProgramDirectory
	command.Env = []string{"PULUMI_NODEJS_TYPESCRIPT=true"}
	return command, nil
}
