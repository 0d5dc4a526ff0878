"""AWS' documented API request rates as token buckets, for a proxy in front of the emulator.

    account = Account()
    with FaultProxy(cloud.endpoint) as proxy:
        proxy.limit = account.allows
        subprocess.run(["pulumi", "up", "--yes"], env={**env, "AWS_ENDPOINT_URL": proxy.url})
        print(account.allowed, account.throttled)

An account's clients share its buckets, whoever they are. A refused request takes no token: AWS does not say whether one
does. A bucket refills steadily, not once a second; over a second the two are the same.

Where the figures are from:

- Elastic Load Balancing (`ELB`): https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-throttling.html
- Amazon ECS (`ECS`): https://docs.aws.amazon.com/AmazonECS/latest/developerguide/request-throttling.html
- Route 53 (`ROUTE53`): https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/throttling-api-requests.html
  (the account's bucket, which is no larger than those of the actions that a swap calls; its second limit, 100 record
  changes a second, is out of reach at 10 requests a second with two records each)
- AWS STS (`STS`): https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
- AWS Lambda (`LAMBDA`), all control plane requests together:
  https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
- Application Auto Scaling publishes none (https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-quotas.html
  has quotas of objects alone), nor do the services that are not named here: for those `OURS` stands, which are this
  project's own choice, the figures of Elastic Load Balancing, the lowest of the published ones.
"""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Rate:
    """A bucket's size, which is the largest burst, and how fast it refills.

    Attributes:
        actions: a pattern for the whole name of an action that takes from it.
        capacity: tokens that it holds.
        refill_per_second: tokens that come back.
    """

    actions: str
    capacity: float
    refill_per_second: float


Rates = Sequence[Rate]
"""A service's buckets: a request takes a token from each whose pattern fits."""

ELB: Rates = (
    Rate(".*", 40, 10),  # "an account-level throttling limit that is shared across all ... API actions"
    Rate("Describe.*", 40, 10),
    Rate("CreateLoadBalancer|SetSubnets", 10, 0.2),
    Rate("RegisterTargets|DeregisterTargets", 20, 4),
    Rate("(?!CreateLoadBalancer$)(Add|Create|Delete|Modify|Remove).*|SetIpAddressType|SetRule.*|SetSecurity.*", 20, 3),
)
ECS: Rates = (
    Rate("DescribeServices|ListServices", 100, 20),
    Rate("CreateService|DeleteService|UpdateService", 50, 5),
    Rate("StopServiceDeployment", 50, 5),  # not in the table: ours, as the one above
    Rate("DescribeContainerInstances|DescribeTasks|ListAttributes|ListContainerInstances|ListTasks", 100, 20),
    Rate("DescribeClusters|ListClusters", 50, 20),
    Rate("CreateCluster|DeleteCluster|PutClusterCapacityProviders|UpdateCluster|UpdateClusterSettings", 20, 1),
    Rate("DescribeTaskDefinition|ListTaskDefinitions|ListTaskDefinitionFamilies", 50, 20),
    Rate("RegisterTaskDefinition|DeregisterTaskDefinition", 20, 1),
    Rate("TagResource|UntagResource", 20, 10),
    Rate("ListTagsForResource", 50, 20),
    Rate("DescribeServiceDeployments|ListServiceDeployments", 50, 20),
    Rate("DescribeServiceRevisions", 50, 20),
)
ROUTE53: Rates = (Rate(".*", 50, 10),)
STS: Rates = (Rate(".*", 600, 600),)
LAMBDA: Rates = (Rate("(?!Invoke|GetFunction$|GetPolicy$).*", 15, 15),)
OURS: Rates = (
    Rate(".*", 40, 10),
    Rate("(?!Describe|Get|List).*", 20, 3),
)
DOCUMENTED: Mapping[str, Rates] = {
    "elasticloadbalancing": ELB,
    "ecs": ECS,
    "route53": ROUTE53,
    "sts": STS,
    "lambda": LAMBDA,
}
"""By the service's name in a call (``ecs:UpdateService``); `OURS` for all others."""


@dataclass(slots=True)
class _Bucket:
    rate: Rate
    tokens: float
    at_seconds: float

    def refill(self, now_seconds: float) -> None:
        gained = (now_seconds - self.at_seconds) * self.rate.refill_per_second
        self.tokens = min(self.rate.capacity, self.tokens + gained)
        self.at_seconds = now_seconds


@dataclass
class Account:
    """One account in one Region, with full buckets.

    Attributes:
        rates: each service's buckets; `OURS` for those that are missing.
        clock: seconds that only go forward.
        allowed: how often each call was let through.
        throttled: how often each call was refused.
    """

    rates: Mapping[str, Rates] = field(default_factory=lambda: DOCUMENTED)
    clock: Callable[[], float] = time.monotonic
    allowed: Counter[str] = field(default_factory=Counter)
    throttled: Counter[str] = field(default_factory=Counter)
    _buckets: dict[str, list[_Bucket]] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def allows(self, call: str) -> bool:
        """Take a token from each bucket of a call (``ecs:UpdateService``), or from none when one is empty."""
        service, _, action = call.partition(":")
        with self._lock:
            now = self.clock()
            if service not in self._buckets:
                rates = self.rates.get(service, OURS)
                self._buckets[service] = [_Bucket(rate, rate.capacity, now) for rate in rates]
            taken = [one for one in self._buckets[service] if re.fullmatch(one.rate.actions, action)]
            for bucket in taken:
                bucket.refill(now)
            enough = all(bucket.tokens >= 1 for bucket in taken)
            for bucket in taken:
                bucket.tokens -= enough
            (self.allowed if enough else self.throttled)[call] += 1
            return enough
