"""Declaring a gate that calls a Lambda function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pulumi
    from typing_extensions import Unpack

    from bluegreen.connections import AwsConnection
    from bluegreen.gates.limits import Limits


def lambda_invoke(
    payload: object = None,
    *,
    functions: Mapping[str, pulumi.Input[str]] | None = None,
    hook: pulumi.Input[str] | None = None,
    status_code: int | None = None,
    json_match: Mapping[str, object] | None = None,
    aws: AwsConnection | Mapping[str, str] | None = None,
    **limits: Unpack[Limits],
) -> dict[str, Any]:
    """A Lambda function that is called and must answer without an error, in 15 seconds.

    Args:
        payload: the event it is given, default an empty object. It is stored in the stack's state: no secrets here.
        functions: what is called for each color, each an ARN or a name with its version; ``LambdaAlias`` fills in its
            own versions.
        hook: the ARN or name of a function of your own that is called for both colors instead, as CodeDeploy's hooks
            are; it is told the ``color``, the ``phase``, the ``release`` and the rest, and the ``payload``.
        status_code: what ``statusCode`` of the answer must be, for functions behind a URL, an API or a load balancer.
        json_match: values that the answer must have, by dotted path; a ``body`` that is JSON is looked into.
        aws: ``region``, ``profile``, ``role_arn``, ``endpoint_url`` for the call; ``LambdaAlias`` fills in the swap's.
        limits: see ``bluegreen.gates``.
    """
    options = {
        "payload": payload,
        "functions": None if functions is None else dict(functions),
        "hook": hook,
        "status_code": status_code,
        "json_match": json_match,
        "aws": None if aws is None else dict(aws),
    }
    return {"kind": "lambda_invoke", **{k: v for k, v in options.items() if v is not None}, **limits}
