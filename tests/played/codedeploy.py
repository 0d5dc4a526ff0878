"""CodeDeploy's API over the played services: deployments alone; the rest is the emulator's."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import time

from botocore import xform_name

from tests.played.errors import Refused

_ids = itertools.count(1)
GOING_ON = ("Created", "Queued", "InProgress", "Baking", "Ready")


class PlayedCodeDeploy:
    """Answers by operation; ``services`` is shared with the proxy."""

    def __init__(self, services, emulator):
        self.services = services
        self.emulator = emulator  # calls the emulator's own CodeDeploy
        self.known = {}

    def operations(self):
        """The operations that are answered here, by the header that names each."""
        names = (
            "CreateDeployment",
            "GetDeployment",
            "ListDeployments",
            "StopDeployment",
            "ContinueDeployment",
            "GetDeploymentTarget",
        )
        return {f"CodeDeploy_20141006.{name}": getattr(self, f"_{xform_name(name)}") for name in names}

    def _group(self, body):
        names = {key: body[key] for key in ("applicationName", "deploymentGroupName")}
        return self.emulator.get_deployment_group(**names)["deploymentGroupInfo"]

    def _service(self, group):
        where = group["ecsServices"][0]
        service = self.services[where["clusterName"], where["serviceName"]]
        pair = group["loadBalancerInfo"]["targetGroupPairInfoList"][0]
        names = [group_of_pair["name"] for group_of_pair in pair["targetGroups"]]
        arns = {
            group_of_pair["TargetGroupName"]: group_of_pair["TargetGroupArn"]
            for group_of_pair in service.elb.describe_target_groups(Names=names)["TargetGroups"]
        }
        service.bind(pair["prodTrafficRoute"]["listenerArns"][0], [arns[name] for name in names])
        return service

    def _create_deployment(self, body):
        group = self._group(body)
        service = self._service(group)
        active = service.going_on()
        if active is not None:
            raise Refused(
                "DeploymentLimitExceededException",
                f"The Deployment Group '{group['deploymentGroupName']}' already has an active Deployment '{active.id}'",
            )
        content = body["revision"]["appSpecContent"]["content"]
        target = json.loads(content)["Resources"][0]["TargetService"]["Properties"]["TaskDefinition"]
        config = body.get("deploymentConfigName") or group["deploymentConfigName"]
        terminate = group["blueGreenDeploymentConfiguration"]["terminateBlueInstancesOnDeploymentSuccess"]
        id_ = f"d-{next(_ids):09d}"
        service.start(
            id_,
            target,
            steps_of(config),
            sha=hashlib.sha256(content.encode()).hexdigest(),
            config=config,
            waits=bool(terminate.get("terminationWaitTimeInMinutes")),
        )
        self.known[id_] = service
        return {"deploymentId": id_}

    def _look(self, service):
        one = service.going_on()
        service.look(waits=one is not None and one.details["waits"])

    def _list_deployments(self, body):
        service = self._service(self._group(body))
        self._look(service)
        wanted = body.get("includeOnlyStatuses") or ()
        ids = [one.id for one in reversed(service.deployments) if not wanted or _status(one) in wanted]
        return {"deployments": [_back_id(one) for one in service.deployments if one.going_back] + ids}

    def _find(self, body):
        id_ = body["deploymentId"]
        service = self.known.get(id_.removesuffix("B"))
        if service is None:
            raise Refused("DeploymentDoesNotExistException", f"The deployment {id_} could not be found")
        return service, next(one for one in service.deployments if one.id == id_.removesuffix("B"))

    def _get_deployment(self, body):
        _, one = self._find(body)
        if body["deploymentId"].endswith("B"):  # the deployment that brings the former revision back
            status = "InProgress" if one.going_back else "Succeeded"
            return {
                "deploymentInfo": {"deploymentId": _back_id(one), "status": status, "creator": "codeDeployRollback"}
            }
        info = {
            "deploymentId": one.id,
            "status": _status(one),
            "creator": "user",
            "deploymentConfigName": one.details["config"],
            "createTime": time.time(),
            # As AWS answers: the content is never there.
            "revision": {"revisionType": "AppSpecContent", "appSpecContent": {"sha256": one.details["sha"]}},
            "instanceTerminationWaitTimeStarted": one.at in ("wait", "end"),
        }
        if one.state in ("failed", "stopped"):
            code = "HOOK_EXECUTION_FAILURE" if one.state == "failed" else "MANUAL_STOP"
            info["errorInformation"] = {"code": code, "message": one.why}
            info["rollbackInfo"] = {"rollbackDeploymentId": _back_id(one)}
        return {"deploymentInfo": info}

    def _stop_deployment(self, body):
        service, one = self._find(body)
        if one.state != "going on":
            raise Refused("DeploymentAlreadyCompletedException", "The deployment has already completed")
        if body.get("autoRollbackEnabled"):
            service.go_back(one, "stopped", "The deployment was stopped")
        return {"status": "Pending"}

    def _continue_deployment(self, body):
        service, one = self._find(body)
        if body.get("deploymentWaitType") != "TERMINATION_WAIT" or one.at != "wait":
            raise Refused("DeploymentIsNotInReadyStateException", "The deployment does not wait")
        service.skip_wait(one)
        return {}

    def _get_deployment_target(self, body):
        _, one = self._find(body)
        status = "InProgress" if one.state == "going on" else "Failed"
        event = {"lifecycleEventName": one.at, "status": status, "diagnostics": {"message": one.why}}
        return {"deploymentTarget": {"deploymentTargetType": "ECSTarget", "ecsTarget": {"lifecycleEvents": [event]}}}

    def describe(self, service, described):
        """A service as ECS describes one with the deployment controller CODE_DEPLOY."""
        one = service.going_on()
        sets = [
            {
                "id": f"ecs-svc/{unit.number}",
                "taskSetArn": f"{described['serviceArn']}/{unit.number}".replace(":service/", ":task-set/"),
                "status": "PRIMARY" if unit is service.live else "ACTIVE",
                "taskDefinition": unit.task_definition,
                "loadBalancers": [{**described["loadBalancers"][0], "targetGroupArn": unit.group}],
                **({"externalId": one.id} if one is not None and unit is one.target else {}),
            }
            for unit in service.units
        ]
        return {"taskSets": sets, "taskDefinition": service.live.task_definition, "deployments": []}


def _back_id(one):
    return f"{one.id}B"


def _status(one):
    return {"going on": "InProgress", "done": "Succeeded", "failed": "Failed", "stopped": "Stopped"}[one.state]


def steps_of(config):
    """The percentages of one of CodeDeploy's own configurations."""
    percent = int(match[1]) if (match := re.search(r"(\d+)Percent", config)) else 100
    if "Linear" in config:
        return [*range(percent, 100, percent), 100]
    return [percent, 100] if percent < 100 else [100]
