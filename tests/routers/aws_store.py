"""Objects of AWS behind boto3's own checks, kept as they were sent: emulators drop what they do not know."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from bluegreen.aws.client import AwsConnection

ACCOUNT = "123456789012"
REGION = "eu-central-1"
#: An endpoint of its own, so that no other test's client has these handlers.
CONNECTION = {"region": REGION, "endpoint_url": "http://127.0.0.1:9"}


class Refused(Exception):
    """An API's own no.

    Args:
        code: as the API has it.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Store:
    """The state of one service.

    Args:
        service: as boto3 calls it.
        answer: what a call does and gives.
    """

    def __init__(self, service: str, answer: Callable[[str, dict[str, Any]], dict[str, Any]]) -> None:
        self.answer = answer
        self.calls: list[tuple[str, dict[str, Any]]] = []
        #: Which of the next changes is refused; 0: none.
        self.refuses = 0
        self._client = AwsConnection(**CONNECTION).client(service)
        self._model = self._client.meta.service_model
        self._events = self._client.meta.events
        self._hooks = {"provide-client-params": self._keep, "before-call": self._reply}
        for name, hook in self._hooks.items():
            self._events.register(f"{name}.{self._model.service_id.hyphenize()}.*", hook)

    def close(self) -> None:
        """Answer no more."""
        for name, hook in self._hooks.items():
            self._events.unregister(f"{name}.{self._model.service_id.hyphenize()}.*", hook)

    def _keep(self, params: dict[str, Any], model: Any, **_: object) -> None:
        self._call = (model.name, copy.deepcopy(params))

    def _reply(self, **_: object) -> Any:
        name, given = self._call
        self.calls.append(self._call)
        meta = {"HTTPStatusCode": 200, "RequestId": "x", "HTTPHeaders": {}, "RetryAttempts": 0}
        try:
            if self.refuses and name.startswith(("Modify", "Update", "Change")):
                self.refuses -= 1
                if not self.refuses:
                    raise Refused("AccessDenied")
            answer = copy.deepcopy(self.answer(name, given))
        except Refused as error:
            failed = {
                "Error": {"Code": error.code, "Message": "no"},
                "ResponseMetadata": {**meta, "HTTPStatusCode": 403},
            }
            return SimpleNamespace(status_code=403, headers={}), failed
        output = self._model.operation_model(name).output_shape
        if output is not None:
            _known(output, answer)
        return SimpleNamespace(status_code=200, headers={}), {"ResponseMetadata": meta, **answer}


def _known(shape: Any, answer: Any) -> None:
    """A store may tell nothing that the API has no field for."""
    if shape.type_name == "structure":
        strangers = set(answer) - set(shape.members)
        assert not strangers, f"{shape.name} has no {strangers}"
        for name, value in answer.items():
            _known(shape.members[name], value)
    elif shape.type_name == "list":
        for value in answer:
            _known(shape.member, value)


def balancing(objects: dict[str, dict[str, Any]], tags: dict[str, dict[str, str]]) -> Store:
    """Rules and listeners, by ARN. The secret of a sign-in is never shown, and a resent action keeps its own."""

    def told(arn: str) -> dict[str, Any]:
        described = copy.deepcopy(objects[arn])
        for action in described.get("Actions", described.get("DefaultActions", ())):
            action.get("AuthenticateOidcConfig", {}).pop("ClientSecret", None)
            action.get("AuthenticateOidcConfig", {}).pop("UseExistingClientSecret", None)
        return described

    def kept(arn: str, actions: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
        secrets = {
            (config["Issuer"], config["ClientId"]): config.get("ClientSecret", "")
            for action in objects[arn][key]
            if (config := action.get("AuthenticateOidcConfig"))
        }
        for action in actions:
            config = action.get("AuthenticateOidcConfig")
            if config is not None and "ClientSecret" not in config:
                if not config.pop("UseExistingClientSecret", False):
                    raise Refused("ValidationError")
                config["ClientSecret"] = secrets[config["Issuer"], config["ClientId"]]
        return actions

    def answer(call: str, given: dict[str, Any]) -> dict[str, Any]:
        if call == "DescribeRules":
            return {"Rules": [told(arn) for arn in given["RuleArns"]]}
        if call == "DescribeListeners":
            return {"Listeners": [told(arn) for arn in given["ListenerArns"]]}
        if call == "DescribeTags":
            return {
                "TagDescriptions": [{"ResourceArn": arn, "Tags": _pairs(tags[arn])} for arn in given["ResourceArns"]]
            }
        if call == "AddTags":
            for arn in given["ResourceArns"]:
                tags[arn] |= {tag["Key"]: tag["Value"] for tag in given["Tags"]}
        elif call == "RemoveTags":
            for arn in given["ResourceArns"]:
                tags[arn] = {key: value for key, value in tags[arn].items() if key not in given["TagKeys"]}
        elif call in ("ModifyRule", "ModifyListener"):
            named, key = ("RuleArn", "Actions") if call == "ModifyRule" else ("ListenerArn", "DefaultActions")
            arn = given.pop(named)
            if key in given:
                given[key] = kept(arn, given[key], key)
            objects[arn] |= given
            return {"Rules" if call == "ModifyRule" else "Listeners": [told(arn)]}
        elif call == "DescribeTargetHealth":
            return {"TargetHealthDescriptions": [{"TargetHealth": {"State": "healthy"}}]}
        else:
            raise AssertionError(call)
        return {}

    return Store("elbv2", answer)


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def zone(records: list[dict[str, Any]]) -> Store:
    """The record sets of a hosted zone; what is deleted has to be named in full."""

    def answer(call: str, given: dict[str, Any]) -> dict[str, Any]:
        if call == "ListResourceRecordSets":
            start = given.get("StartRecordName", "")
            ordered = sorted(records, key=lambda one: one["Name"].rstrip(".").split(".")[::-1])
            below = [one for one in ordered if one["Name"].rstrip(".").endswith(start.rstrip("."))]
            return {"ResourceRecordSets": below, "IsTruncated": False, "MaxItems": "100"}
        if call == "ChangeResourceRecordSets":
            after = list(records)
            for change in given["ChangeBatch"]["Changes"]:
                one = change["ResourceRecordSet"]
                one["Name"] = one["Name"].rstrip(".") + "."  # the API takes a name with and without its dot for one
                if change["Action"] == "DELETE":
                    if one not in after:
                        raise Refused("InvalidChangeBatch")
                    after.remove(one)
                else:
                    if any(_place(one) == _place(other) for other in after):
                        raise Refused("InvalidChangeBatch")
                    after.append(one)
            kinds = {_place(one)[:2]: "SetIdentifier" in one for one in after}
            if any(kinds[_place(one)[:2]] != ("SetIdentifier" in one) for one in after):
                raise Refused("InvalidChangeBatch")
            records[:] = after
            return {"ChangeInfo": {"Id": "/change/C1", "Status": "INSYNC"}}
        if call == "GetChange":
            return {"ChangeInfo": {"Id": "/change/C1", "Status": "INSYNC"}}
        raise AssertionError(call)

    return Store("route53", answer)


def _place(record: Mapping[str, Any]) -> tuple[str, str, str]:
    return record["Name"].rstrip("."), record["Type"], record.get("SetIdentifier", "")


def functions(aliases: dict[str, dict[str, Any]], tags: dict[str, str]) -> Store:
    """The aliases of one function, by name."""
    revisions = iter(range(1, 10_000))

    def answer(call: str, given: dict[str, Any]) -> dict[str, Any]:
        if call == "GetAlias":
            if given["Name"] not in aliases:
                raise Refused("ResourceNotFoundException")
            return aliases[given["Name"]]
        if call == "UpdateAlias":
            given.pop("FunctionName")
            seen, name = given.pop("RevisionId", None), given["Name"]
            if seen not in (None, aliases[name]["RevisionId"]):
                raise Refused("PreconditionFailedException")
            aliases[name] |= {**given, "RevisionId": f"r{next(revisions)}"}
            return aliases[name]
        if call == "DeleteAlias":
            aliases.pop(given["Name"], None)
        elif call == "ListTags":
            return {"Tags": tags}
        elif call == "TagResource":
            tags.update(given["Tags"])
        elif call == "UntagResource":
            for key in given["TagKeys"]:
                tags.pop(key, None)
        elif call == "GetFunctionConfiguration":
            return {"Version": given["Qualifier"], "State": "Active", "LastUpdateStatus": "Successful"}
        else:
            raise AssertionError(call)
        return {}

    return Store("lambda", answer)


def http_stages(stage: dict[str, Any]) -> Store:
    """One stage of an HTTP API. A variable that is left out stays."""

    def answer(call: str, given: dict[str, Any]) -> dict[str, Any]:
        if call == "GetStage":
            return stage
        if call == "GetTags":
            return {"Tags": stage.get("Tags", {})}
        if call == "TagResource":
            stage["Tags"] = {**stage.get("Tags", {}), **given["Tags"]}
        elif call == "UntagResource":
            stage["Tags"] = {key: one for key, one in stage.get("Tags", {}).items() if key not in given["TagKeys"]}
        elif call == "UpdateStage":
            variables = {**stage.get("StageVariables", {}), **given.pop("StageVariables", {})}
            stage.update({key: value for key, value in given.items() if key != "ApiId"}, StageVariables=variables)
            return stage
        else:
            raise AssertionError(call)
        return {}

    return Store("apigatewayv2", answer)


def rest_stages(stage: dict[str, Any]) -> Store:
    """One stage of a REST API, changed by paths."""

    def answer(call: str, given: dict[str, Any]) -> dict[str, Any]:
        if call == "GetStage":
            return stage
        if call == "GetTags":
            return {"tags": stage.get("tags", {})}
        if call == "GetDeployment":
            return {"id": given["deploymentId"]}
        if call == "TagResource":
            stage["tags"] = {**stage.get("tags", {}), **given["tags"]}
        elif call == "UntagResource":
            stage["tags"] = {key: one for key, one in stage.get("tags", {}).items() if key not in given["tagKeys"]}
        elif call == "UpdateStage":
            for change in given["patchOperations"]:
                _patched(stage, change)
            return stage
        else:
            raise AssertionError(call)
        return {}

    return Store("apigateway", answer)


def _patched(stage: dict[str, Any], change: Mapping[str, str]) -> None:
    *path, last = change["path"].strip("/").split("/")
    place = stage
    for name in path:
        place = place.setdefault(name, {})
    if change["op"] == "remove":
        place.pop(last, None)
    elif last == "percentTraffic":
        place[last] = float(change["value"])
    elif last == "useStageCache":
        place[last] = change["value"] == "true"
    else:
        place[last] = change["value"]
