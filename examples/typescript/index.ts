// A service on ECS behind an Application Load Balancer, in two colors.
import * as pulumi from "@pulumi/pulumi";
import * as bluegreen from "@pulumi/bluegreen";

const config = new pulumi.Config();

const web = new bluegreen.aws.EcsService("web", {
    activeColor: config.require("activeColor"),
    blue: { image: config.require("blueImage"), environment: { COLOR: "blue" } },
    green: { image: config.require("greenImage"), environment: { COLOR: "green" } },
    vpcId: config.require("vpcId"),
    subnetIds: config.requireObject<string[]>("subnetIds"),
    entry: { alb: { healthCheck: { path: "/healthz", interval: 5, timeout: 2 } } },
    strategy: { canary: { weightPercent: 10, holdSeconds: config.getNumber("holdSeconds") ?? 300 } },
    gates: [{ http: { path: "/healthz", intervalSeconds: 2 } }],
});

export const url = web.url;
export const liveColor = web.liveColor;
