"""Particular to the Route 53 and Cloud Map types: the objects that must not be deleted, and when they may be."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.plugins.aws.driver import CallFailed, Driver, Refused

SERVICE = "aws:servicediscovery/service:Service"
NAMESPACE = "aws:servicediscovery/privateDnsNamespace:PrivateDnsNamespace"


def test_a_namespace_answers_by_a_zone_of_its_own(aws_driver: Driver, aws_client: Any, aws_world: Any) -> None:
    inputs = {"name": "own-zone.internal", "vpc": aws_world.vpc}
    namespace = aws_driver.create(aws_driver.check(NAMESPACE, "own-zone", inputs))
    assert namespace.outputs["hostedZone"].startswith("Z")
    aws_driver.delete(namespace)


@pytest.mark.parametrize("force", [True, False])
def test_a_service_with_instances_goes_only_by_force(
    aws_driver: Driver, aws_client: Any, aws_world: Any, force: bool
) -> None:
    namespace = aws_driver.create(
        aws_driver.check(NAMESPACE, "busy", {"name": f"busy-{force}.internal", "vpc": aws_world.vpc})
    )
    dns = {"namespaceId": namespace.id, "dnsRecords": [{"type": "A", "ttl": 10}]}
    inputs = {"name": "busy", "dnsConfig": dns, "healthCheckCustomConfig": {}, "forceDestroy": force}
    service = aws_driver.create(aws_driver.check(SERVICE, "busy", inputs))
    discovery = aws_client("servicediscovery")
    where = {"ServiceId": service.id, "InstanceId": "task"}
    discovery.register_instance(**where, Attributes={"AWS_INSTANCE_IPV4": "10.0.0.1"})
    if not force:
        with pytest.raises(CallFailed, match="ResourceInUse"):
            aws_driver.delete(service)
        discovery.deregister_instance(**where)
    aws_driver.delete(service)
    assert aws_driver.read(service) is None
    aws_driver.delete(namespace)


@pytest.mark.parametrize("force", [True, False])
def test_a_zone_with_records_goes_only_by_force(aws_driver: Driver, aws_client: Any, force: bool) -> None:
    inputs = {"name": f"busy-{force}.example".lower(), "forceDestroy": force}
    zone = aws_driver.create(aws_driver.check("aws:route53/zone:Zone", "busy", inputs))
    record = {"Name": f"app.{inputs['name']}", "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": '"x"'}]}
    route53 = aws_client("route53")

    def change(action: str) -> None:
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
        route53.change_resource_record_sets(HostedZoneId=zone.id, ChangeBatch=batch)

    change("CREATE")
    if not force:
        with pytest.raises(CallFailed, match="HostedZoneNotEmpty"):
            aws_driver.delete(zone)
        change("DELETE")
    aws_driver.delete(zone)
    assert aws_driver.read(zone) is None


def test_a_zone_is_public_or_private(aws_driver: Driver) -> None:
    both = {"name": "x.example", "delegationSetId": "N1", "vpcs": [{"vpcId": "vpc-1"}]}
    with pytest.raises(Refused) as refused:
        aws_driver.check("aws:route53/zone:Zone", "x", both)
    assert refused.value.failures == {"delegationSetId": "conflicts with `vpcs`"}
