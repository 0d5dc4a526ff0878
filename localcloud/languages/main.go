// The parts of language hosts that are no Go modules at the CLI's version: for Node.js and Go programs.
//
// One program, named by what it is: pulumi-language-nodejs, pulumi-language-go, or pulumi-sdk-generator, which writes
// an SDK for a schema in any language. The generators are Pulumi's own.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

func main() {
	if err := run(filepath.Base(os.Args[0]), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(name string, arguments []string) error {
	switch name {
	case "pulumi-sdk-generator":
		return generateCommand(arguments)
	case "pulumi-language-nodejs":
		return serve(startNode, arguments)
	case "pulumi-language-go":
		return serve(startGo, arguments)
	}
	return fmt.Errorf("this program has to be named pulumi-sdk-generator, pulumi-language-nodejs or pulumi-language-go")
}

// serve answers the engine until it ends this process or is gone itself.
func serve(start starter, arguments []string) error {
	engine := ""
	for _, argument := range arguments {
		if !strings.HasPrefix(argument, "-") {
			engine = argument
		}
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	if engine != "" {
		if err := rpcutil.Healthcheck(ctx, engine, time.Minute, cancel); err != nil {
			return err
		}
	}
	done := make(chan bool)
	go func() {
		<-ctx.Done()
		close(done)
	}()
	options := rpcutil.ServeOptions{Cancel: done}
	served = newHost(pulumirpc.UnimplementedLanguageRuntimeServer.GetPluginInfo, start, engine)
	options.Init = register
	handle, err := rpcutil.ServeWithOptions(options)
	if err != nil {
		return err
	}
	fmt.Println(handle.Port)
	return <-handle.Done
}

// served is the host of this process, which is one or none.
var served pulumirpc.LanguageRuntimeServer

// register serves the host on a server of whatever type the SDK has for it.
func register[S any](server S) error {
	on(pulumirpc.RegisterLanguageRuntimeServer, any(server))
	return nil
}

func on[R any](register func(R, pulumirpc.LanguageRuntimeServer), server any) {
	register(server.(R), served)
}
