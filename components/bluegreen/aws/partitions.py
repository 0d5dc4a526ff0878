"""ARNs of AWS' own things, in the partition that a stack is in: China and GovCloud have their own."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws


def own_policy(path: str, parent: pulumi.Resource) -> pulumi.Output[str]:
    """The ARN of one of AWS' own policies, such as ``service-role/AmazonECSTaskExecutionRolePolicy``."""
    return partition(parent).apply(lambda own: f"arn:{own}:iam::aws:policy/{path}")


def partition(parent: pulumi.Resource) -> pulumi.Output[str]:
    """``aws``, ``aws-cn``, ``aws-us-gov``, ..."""
    options = pulumi.InvokeOutputOptions(parent=parent)
    return aws.get_partition_output(opts=options).apply(lambda answer: str(answer.partition))
