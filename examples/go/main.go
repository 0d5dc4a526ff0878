// A service on ECS behind an Application Load Balancer, in two colors.
package main

import (
	"example.com/pulumi-bluegreen/sdk/go/bluegreen"
	"example.com/pulumi-bluegreen/sdk/go/bluegreen/aws"
	"example.com/pulumi-bluegreen/sdk/go/bluegreen/gates"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		settings := config.New(ctx, "")
		holdSeconds := 300.0
		if given, err := settings.TryFloat64("holdSeconds"); err == nil {
			holdSeconds = given
		}
		var subnetIDs []string
		settings.RequireObject("subnetIds", &subnetIDs)

		web, err := aws.NewEcsService(ctx, "web", &aws.EcsServiceArgs{
			ActiveColor: settings.Require("activeColor"),
			Blue:        release(settings.Require("blueImage"), "blue"),
			Green:       release(settings.Require("greenImage"), "green"),
			VpcId:       pulumi.String(settings.Require("vpcId")),
			SubnetIds:   pulumi.ToStringArray(subnetIDs),
			Entry: &aws.EntryArgs{Alb: &aws.AlbEntryArgs{HealthCheck: &aws.HttpHealthCheckArgs{
				Path: pulumi.StringRef("/healthz"), Interval: pulumi.IntRef(5), Timeout: pulumi.IntRef(2),
			}}},
			Strategy: &bluegreen.StrategyArgs{
				Canary: &bluegreen.CanaryStrategyArgs{WeightPercent: 10, HoldSeconds: holdSeconds},
			},
			Gates: []gates.GateInput{
				&gates.GateArgs{Http: &gates.HttpArgs{Path: "/healthz", IntervalSeconds: pulumi.Float64Ref(2)}},
			},
		})
		if err != nil {
			return err
		}
		ctx.Export("url", web.Url)
		ctx.Export("liveColor", web.LiveColor)
		return nil
	})
}

func release(image, color string) *aws.EcsReleaseArgs {
	return &aws.EcsReleaseArgs{
		Image:       pulumi.String(image),
		Environment: map[string]pulumi.StringInput{"COLOR": pulumi.String(color)},
	}
}
