# ruff: noqa: ARG001 - the signatures are those of `ResourceType`
"""Certificates that a listener has beside its default one."""

from __future__ import annotations

from typing import Final

from localcloud.plugins.aws.checker import ARN
from localcloud.plugins.aws.model import REGION, ApiError, P, Props, ResourceType
from localcloud.plugins.aws.services.elbv2_common import MISSING, SERVICE
from localcloud.plugins.aws.session import Aws


def _add(aws: Aws, props: Props) -> str:
    listener, certificate = props["listenerArn"], props["certificateArn"]
    answer = aws.call(SERVICE, "DescribeListeners", ListenerArns=[listener])
    if answer["Listeners"][0].get("Protocol") not in ("HTTPS", "TLS"):
        # AWS refuses this; the emulator does not.
        message = "A certificate can be added to HTTPS and TLS listeners only"
        raise ApiError(SERVICE, "AddListenerCertificates", "ValidationError", message)
    aws.call(SERVICE, "AddListenerCertificates", ListenerArn=listener, Certificates=[{"CertificateArn": certificate}])
    return f"{listener}_{certificate}"


def _read(aws: Aws, resource_id: str, props: Props) -> Props | None:
    listener, _, certificate = resource_id.partition("_arn:")
    answer = aws.find(SERVICE, "DescribeListenerCertificates", MISSING, ListenerArn=listener)
    certificate = f"arn:{certificate}"
    arns = {one["CertificateArn"] for one in (answer or {}).get("Certificates", []) if not one.get("IsDefault")}
    return {"listenerArn": listener, "certificateArn": certificate} if certificate in arns else None


def _remove(aws: Aws, resource_id: str, props: Props) -> None:
    certificates = [{"CertificateArn": props["certificateArn"]}]
    aws.find(
        SERVICE, "RemoveListenerCertificates", MISSING, ListenerArn=props["listenerArn"], Certificates=certificates
    )


TYPES: Final = [
    ResourceType(
        token="aws:lb/listenerCertificate:ListenerCertificate",
        props={
            "listenerArn": P(force_new=True, check=ARN),
            "certificateArn": P(force_new=True, check=ARN),
            "region": REGION,
        },
        create=_add,
        read=_read,
        delete=_remove,
        taggable=False,
    )
]
