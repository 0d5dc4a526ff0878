"""The types that the stand-in serves: a line each, for which calls they are made of.

All else is generated: see `generate`.
"""

from __future__ import annotations

from localcloud.plugins.gcp.balancer_types import BALANCER_TYPES
from localcloud.plugins.gcp.compute_types import COMPUTE_TYPES
from localcloud.plugins.gcp.declared import Declared

_FUNCTIONS = ("cloudfunctions.googleapis.com", "CLOUDFUNCTIONS2", "/v2/", "cloudfunctions.v2")
_RUN = ("run.googleapis.com", "CLOUD_RUN_V2", "/v2/", "run.v2")


TYPES = {
    **COMPUTE_TYPES,
    **BALANCER_TYPES,
    "gcp:cloudfunctionsv2/function:Function": Declared(
        _FUNCTIONS,
        "Function",
        "projects/{project}/locations/{location}/functions/{name}",
        id_query="functionId",
        beside=frozenset(
            {
                "gcp:cloudfunctionsv2/function:Function.deletionPolicy",
                "cloudfunctionsv2.FunctionBuildConfigSourceRepoSource.invertRegex",
                "cloudfunctionsv2.FunctionServiceConfig.gcfUri",
            }
        ),
    ),
    "gcp:cloudrunv2/service:Service": Declared(
        _RUN,
        "GoogleCloudRunV2Service",
        "projects/{project}/locations/{location}/services/{name}",
        id_query="serviceId",
        kept=("traffics", "ingress", "launchStage", "scaling"),
        beside=frozenset(
            {
                *(
                    f"gcp:cloudrunv2/service:Service.{name}"
                    for name in ("deletionPolicy", "deletionProtection", "tags")
                ),
                "cloudrunv2.ServiceTemplateContainerReadinessProbe.successThreshold",
            }
        ),
        guarded=True,
    ),
}
