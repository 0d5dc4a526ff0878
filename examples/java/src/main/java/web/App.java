package web;

import com.pulumi.Config;
import com.pulumi.Context;
import com.pulumi.Pulumi;
import com.pulumi.bluegreen.aws.EcsService;
import com.pulumi.bluegreen.aws.EcsServiceArgs;
import com.pulumi.bluegreen.aws.inputs.AlbEntryArgs;
import com.pulumi.bluegreen.aws.inputs.EcsReleaseArgs;
import com.pulumi.bluegreen.aws.inputs.EntryArgs;
import com.pulumi.bluegreen.aws.inputs.HttpHealthCheckArgs;
import com.pulumi.bluegreen.gates.inputs.GateArgs;
import com.pulumi.bluegreen.gates.inputs.HttpArgs;
import com.pulumi.bluegreen.inputs.CanaryStrategyArgs;
import com.pulumi.bluegreen.inputs.StrategyArgs;
import com.pulumi.core.TypeShape;
import java.util.Map;

/** A service on ECS behind an Application Load Balancer, in two colors. */
public class App {
    public static void main(String[] args) {
        Pulumi.run(App::stack);
    }

    private static void stack(Context ctx) {
        Config config = ctx.config();

        var healthCheck = HttpHealthCheckArgs.builder().path("/healthz").interval(5).timeout(2).build();
        var canary = CanaryStrategyArgs.builder()
            .weightPercent(10)
            .holdSeconds(config.getDouble("holdSeconds").orElse(300.0))
            .build();

        var web = new EcsService("web", EcsServiceArgs.builder()
            .activeColor(config.require("activeColor"))
            .blue(release(config.require("blueImage"), "blue"))
            .green(release(config.require("greenImage"), "green"))
            .vpcId(config.require("vpcId"))
            .subnetIds(config.requireObject("subnetIds", TypeShape.list(String.class)))
            .entry(EntryArgs.builder().alb(AlbEntryArgs.builder().healthCheck(healthCheck).build()).build())
            .strategy(StrategyArgs.builder().canary(canary).build())
            .gates(GateArgs.builder()
                .http(HttpArgs.builder().path("/healthz").intervalSeconds(2.0).build())
                .build())
            .build());

        ctx.export("url", web.url());
        ctx.export("liveColor", web.liveColor());
    }

    private static EcsReleaseArgs release(String image, String color) {
        return EcsReleaseArgs.builder().image(image).environment(Map.of("COLOR", color)).build();
    }
}
