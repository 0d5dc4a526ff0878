// Package v4 has the types of a chart's options, which no program here sets: they are only there to be asked for.
package v4

import (
	"context"
	"reflect"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// RepositoryOpts say where a chart comes from.
type RepositoryOpts struct {
	CaFile   pulumi.Asset `pulumi:"caFile"`
	CertFile pulumi.Asset `pulumi:"certFile"`
	KeyFile  pulumi.Asset `pulumi:"keyFile"`
	Password *string      `pulumi:"password"`
	Repo     *string      `pulumi:"repo"`
	Username *string      `pulumi:"username"`
}

// RepositoryOptsInput are they as an input.
type RepositoryOptsInput interface {
	pulumi.Input
	ToRepositoryOptsOutput() RepositoryOptsOutput
	ToRepositoryOptsOutputWithContext(context.Context) RepositoryOptsOutput
}

// RepositoryOptsOutput are they as an output.
type RepositoryOptsOutput struct{ *pulumi.OutputState }

// ElementType is the plain type.
func (RepositoryOptsOutput) ElementType() reflect.Type {
	return reflect.TypeOf(RepositoryOpts{})
}

// ToRepositoryOptsOutput is the output itself.
func (o RepositoryOptsOutput) ToRepositoryOptsOutput() RepositoryOptsOutput { return o }

// ToRepositoryOptsOutputWithContext is the output itself.
func (o RepositoryOptsOutput) ToRepositoryOptsOutputWithContext(context.Context) RepositoryOptsOutput {
	return o
}

// PostRenderer is a command that a rendered chart goes through.
type PostRenderer struct {
	Args    []string `pulumi:"args"`
	Command string   `pulumi:"command"`
}

// PostRendererInput is it as an input.
type PostRendererInput interface {
	pulumi.Input
	ToPostRendererOutput() PostRendererOutput
	ToPostRendererOutputWithContext(context.Context) PostRendererOutput
}

// PostRendererOutput is it as an output.
type PostRendererOutput struct{ *pulumi.OutputState }

// ElementType is the plain type.
func (PostRendererOutput) ElementType() reflect.Type {
	return reflect.TypeOf(PostRenderer{})
}

// ToPostRendererOutput is the output itself.
func (o PostRendererOutput) ToPostRendererOutput() PostRendererOutput { return o }

// ToPostRendererOutputWithContext is the output itself.
func (o PostRendererOutput) ToPostRendererOutputWithContext(context.Context) PostRendererOutput {
	return o
}

func init() {
	pulumi.RegisterOutputType(RepositoryOptsOutput{})
	pulumi.RegisterOutputType(PostRendererOutput{})
}
