// A service on ECS behind an Application Load Balancer, in two colors.
using System.Collections.Generic;
using Pulumi;
using Pulumi.Bluegreen.Aws;
using Pulumi.Bluegreen.Aws.Inputs;
using Pulumi.Bluegreen.Gates.Inputs;
using Pulumi.Bluegreen.Inputs;

return await Deployment.RunAsync(() =>
{
    var config = new Config();

    var web = new EcsService("web", new EcsServiceArgs
    {
        ActiveColor = config.Require("activeColor"),
        Blue = new EcsReleaseArgs { Image = config.Require("blueImage"), Environment = { ["COLOR"] = "blue" } },
        Green = new EcsReleaseArgs { Image = config.Require("greenImage"), Environment = { ["COLOR"] = "green" } },
        VpcId = config.Require("vpcId"),
        SubnetIds = config.RequireObject<string[]>("subnetIds"),
        Entry = new EntryArgs
        {
            Alb = new AlbEntryArgs
            {
                HealthCheck = new HttpHealthCheckArgs { Path = "/healthz", Interval = 5, Timeout = 2 },
            },
        },
        Strategy = new StrategyArgs
        {
            Canary = new CanaryStrategyArgs
            {
                WeightPercent = 10,
                HoldSeconds = config.GetDouble("holdSeconds") ?? 300,
            },
        },
        Gates = { new GateArgs { Http = new HttpArgs { Path = "/healthz", IntervalSeconds = 2 } } },
    });

    return new Dictionary<string, object?>
    {
        ["url"] = web.Url,
        ["liveColor"] = web.LiveColor,
    };
});
