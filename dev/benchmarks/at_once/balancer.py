"""A load balancer's API and no more: rules, their tags, targets that are healthy, kept in memory and answered at once.

`python -m dev.benchmarks.at_once.balancer` says its port, and ends when its standard input does. The emulator of the
other benchmarks has a data plane to change with each rule, on the same cores as the swaps that are measured.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from bluegreen.rollout.model import COLORS, Color

ARN = "arn:aws:elasticloadbalancing:us-east-1:000000000000"
LISTENER = f"{ARN}:listener/app/at-once/1111111111111111/2222222222222222"
_NAMESPACE = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"


def target_groups_of(swap: str) -> dict[Color, str]:
    """Each service has two of its own."""
    return {color: f"{ARN}:targetgroup/{swap}-{color}/3333333333333333" for color in COLORS}


class Balancer:
    """One listener."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: dict[str, dict[str, Any]] = {}
        self._tags: dict[str, dict[str, str]] = {}

    def answer(self, action: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a call.

        Raises:
            KeyError: it is not among those that a swap makes.
        """
        calls = {
            "DescribeRules": self._describe_rules,
            "DescribeTags": self._describe_tags,
            "DescribeTargetHealth": self._describe_health,
            "CreateRule": self._create_rule,
            "ModifyRule": self._modify_rule,
            "DeleteRule": self._delete_rule,
            "AddTags": self._add_tags,
            "RemoveTags": self._remove_tags,
        }
        with self._lock:
            return calls[action](given)

    def _describe_rules(self, given: Mapping[str, Any]) -> dict[str, Any]:
        return {"Rules": [self._rules[arn] for arn in given.get("RuleArns", self._rules) if arn in self._rules]}

    def _describe_tags(self, given: Mapping[str, Any]) -> dict[str, Any]:
        tagged = [(arn, self._tags[arn]) for arn in given["ResourceArns"] if arn in self._tags]
        pairs = [(arn, [{"Key": key, "Value": value} for key, value in tags.items()]) for arn, tags in tagged]
        return {"TagDescriptions": [{"ResourceArn": arn, "Tags": tags} for arn, tags in pairs]}

    def _describe_health(self, _: Mapping[str, Any]) -> dict[str, Any]:
        target = {"Id": "127.0.0.1", "Port": "8080"}
        return {"TargetHealthDescriptions": [{"Target": target, "TargetHealth": {"State": "healthy"}}]}

    def _create_rule(self, given: Mapping[str, Any]) -> dict[str, Any]:
        arn = f"{LISTENER.replace(':listener/', ':listener-rule/')}/{int(given['Priority']):016x}"
        rule = {"RuleArn": arn, "IsDefault": "false"}
        self._rules[arn] = rule | {key: given[key] for key in ("Priority", "Conditions", "Actions")}
        self._tags[arn] = {tag["Key"]: tag["Value"] for tag in given["Tags"]}
        return {"Rules": [self._rules[arn]]}

    def _modify_rule(self, given: Mapping[str, Any]) -> dict[str, Any]:
        rule = self._rules[given["RuleArn"]]
        rule.update({key: given[key] for key in ("Conditions", "Actions") if key in given})
        return {"Rules": [rule]}

    def _delete_rule(self, given: Mapping[str, Any]) -> dict[str, Any]:
        for kept in (self._rules, self._tags):
            kept.pop(given["RuleArn"], None)
        return {}

    def _add_tags(self, given: Mapping[str, Any]) -> dict[str, Any]:
        for arn in given["ResourceArns"]:
            self._tags[arn].update({tag["Key"]: tag["Value"] for tag in given["Tags"]})
        return {}

    def _remove_tags(self, given: Mapping[str, Any]) -> dict[str, Any]:
        for arn in given["ResourceArns"]:
            for key in given["TagKeys"]:
                self._tags[arn].pop(key, None)
        return {}


def nested(pairs: list[tuple[str, str]]) -> Any:
    """The objects and lists that `A.member.1.B=x` means."""
    values: dict[str, Any] = {}
    for name, value in pairs:
        *path, last = name.split(".")
        at = values
        for key in path:
            at = at.setdefault(key, {})
        at[last] = value
    return _listed(values)


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if set(value) == {"member"}:
        members = value["member"]
        return [_listed(members[number]) for number in sorted(members, key=int)]
    return {key: _listed(item) for key, item in value.items()}


def xml(value: Any) -> str:
    """The other way round, as the API answers."""
    if isinstance(value, Mapping):
        return "".join(f"<{key}>{xml(item)}</{key}>" for key, item in value.items())
    if isinstance(value, list):
        return "".join(f"<member>{xml(item)}</member>" for item in value)
    return escape(str(value))


def handler(balancer: Balancer) -> type[BaseHTTPRequestHandler]:
    """The class that serves it over HTTP."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_POST(self) -> None:
            pairs = parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode(), keep_blank_values=True)
            given = nested(pairs)
            action = given["Action"]
            result = f"<{action}Result>{xml(balancer.answer(action, given))}</{action}Result>"
            meta = "<ResponseMetadata><RequestId>at-once</RequestId></ResponseMetadata>"
            said = f'<{action}Response xmlns="{_NAMESPACE}">{result}{meta}</{action}Response>'.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    return Handler


class Server(ThreadingHTTPServer):
    """With room for the connections of all swaps."""

    daemon_threads = True
    request_queue_size = 256


def main() -> None:
    """Serve until standard input ends."""
    with Server(("127.0.0.1", 0), handler(Balancer())) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_port, flush=True)
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    main()
