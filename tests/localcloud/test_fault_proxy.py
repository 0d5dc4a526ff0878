"""The proxy in which calls go wrong: what it counts, how each fault looks to a client, and what it leaves alone."""

from __future__ import annotations

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from localcloud.fault_api import WAYS
from localcloud.fault_proxy import Drop, Fault, FaultProxy


@pytest.fixture
def proxy(cloud):
    with FaultProxy(cloud.endpoint) as proxy:
        yield proxy


def client(service, proxy, agent="bluegreen", attempts=1, read_timeout_seconds=60):
    return boto3.client(
        service,
        endpoint_url=proxy.url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(
            user_agent_extra=agent, retries={"total_max_attempts": attempts}, read_timeout=read_timeout_seconds
        ),
    )


def test_calls_are_named_by_every_protocol_and_only_those_of_the_agent_are_counted(proxy):
    client("elbv2", proxy).describe_load_balancers()
    client("ecs", proxy).list_clusters()
    client("application-autoscaling", proxy).describe_scalable_targets(ServiceNamespace="ecs")
    client("sts", proxy).get_caller_identity()
    client("cloudwatch", proxy).list_metrics()
    client("s3", proxy).list_buckets()
    proxy.fault = Fault("refused", at=1, lasting=True)
    assert client("ecs", proxy, agent="somebody").list_clusters()["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert proxy.calls == [
        "elasticloadbalancing:DescribeLoadBalancers",
        "ecs:ListClusters",
        "application-autoscaling:DescribeScalableTargets",
        "sts:GetCallerIdentity",
        "monitoring:ListMetrics",
        "s3:GET /",
    ]


def test_bodies_go_through_as_they_are(proxy):
    s3 = client("s3", proxy)
    s3.create_bucket(Bucket="proxied")
    s3.put_object(Bucket="proxied", Key="some/key", Body=bytes(range(256)) * 1000)
    assert s3.get_object(Bucket="proxied", Key="some/key")["Body"].read() == bytes(range(256)) * 1000
    assert s3.head_object(Bucket="proxied", Key="some/key")["ContentLength"] == 256_000
    s3.delete_object(Bucket="proxied", Key="some/key")
    s3.delete_bucket(Bucket="proxied")


CODES = {
    "elbv2": {"throttled": "Throttling", "server_error": "ServiceUnavailable", "refused": "AccessDenied"},
    "ecs": {
        "throttled": "ThrottlingException",
        "server_error": "ServiceUnavailableException",
        "refused": "AccessDeniedException",
    },
}
STATUS = {"throttled": 400, "server_error": 503, "refused": 403}
ASK = {"elbv2": lambda made: made.describe_load_balancers(), "ecs": lambda made: made.list_clusters()}


def patience_seconds(way):
    """Short where no answer will come; everything else may take its time on a busy machine."""
    return 2 if way == "timeout" else 60


@pytest.mark.parametrize("service", CODES)
@pytest.mark.parametrize("way", STATUS)
def test_an_answer_that_says_no_is_in_the_calls_own_protocol(proxy, service, way):
    proxy.fault = Fault(way, at=2)
    made = client(service, proxy)
    ASK[service](made)
    with pytest.raises(ClientError) as raised:
        ASK[service](made)
    assert raised.value.response["Error"]["Code"] == CODES[service][way]
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == STATUS[way]
    ASK[service](made)
    assert len(proxy.calls) == 3


@pytest.mark.parametrize(("way", "error", "done"), [
    ("timeout", ReadTimeoutError, False),
    ("reset", ConnectionClosedError, False),
    ("reply_lost", ConnectionClosedError, True),
])  # fmt: skip
def test_no_answer_and_whether_the_call_was_done(proxy, cloud, aws_client, way, error, done):
    name = f"fault-{way.replace('_', '-')}"
    proxy.fault = Fault(way, at=1)
    with pytest.raises(error):
        client("ecs", proxy, read_timeout_seconds=patience_seconds(way)).create_cluster(clusterName=name)
    found = aws_client("ecs").describe_clusters(clusters=[name])["clusters"]
    assert bool(found) is done


@pytest.mark.parametrize("way", [way for way in WAYS if way != "refused"])
def test_once_is_over_with_a_second_attempt_and_for_ever_is_not(proxy, way):
    proxy.fault = Fault(way, at=1)
    client("ecs", proxy, attempts=2, read_timeout_seconds=patience_seconds(way)).list_clusters()
    assert proxy.calls == ["ecs:ListClusters"] * 2
    proxy.reset()
    proxy.fault = Fault(way, at=1, lasting=True)
    with pytest.raises((ClientError, ConnectionClosedError, ReadTimeoutError)):
        client("ecs", proxy, attempts=2, read_timeout_seconds=patience_seconds(way)).list_clusters()
    assert len(proxy.calls) == 2


def test_hooks_are_told_before_and_after_and_may_cut_the_connection(proxy, aws_client):
    told = []

    def before(call, number):
        told.append(("before", call, number, cluster_exists()))

    def after(call, number):
        told.append(("after", call, number, cluster_exists()))
        raise Drop

    def cluster_exists():
        return bool(aws_client("ecs").describe_clusters(clusters=["hooked"])["clusters"])

    def drop(call, number):
        raise Drop

    proxy.before, proxy.after = drop, after
    made = client("ecs", proxy)
    with pytest.raises(ConnectionClosedError):
        made.create_cluster(clusterName="hooked")
    assert told == []
    proxy.before = before
    with pytest.raises(ConnectionClosedError):
        made.create_cluster(clusterName="hooked")
    create = "ecs:CreateCluster"
    assert told == [("before", create, 2, False), ("after", create, 2, True)]
