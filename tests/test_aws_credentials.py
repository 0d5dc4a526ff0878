"""Credentials that cannot be had end with a message: no question comes on a terminal, and nothing waits."""

from __future__ import annotations

import subprocess
import sys

import pytest

ROLE = "arn:aws:iam::123456789012:role/r"
CONFIG = f"""
[profile base]
region=eu-central-1
aws_access_key_id=k
aws_secret_access_key=s
[profile mfa]
region=eu-central-1
role_arn={ROLE}
source_profile=base
mfa_serial=arn:aws:iam::123456789012:mfa/me
[profile program]
region=eu-central-1
credential_process=/none/program
[profile words]
region=eu-central-1
credential_process=echo hello
[profile token]
region=eu-central-1
role_arn={ROLE}
web_identity_token_file=/none/token
"""
CALL = """
import sys
from bluegreen.aws.client import AwsConnection, called
from bluegreen.rollout.errors import PlatformError
try:
    with called("elasticloadbalancing:DescribeRules"):
        AwsConnection(**{connection}).client("elbv2").describe_rules(RuleArns=["x"])
except PlatformError as error:
    sys.exit(str(error))
"""


@pytest.mark.parametrize(
    ("connection", "said"),
    [
        ({"role_arn": ROLE, "region": "eu-central-1"}, f"there are no credentials to take on the role {ROLE}"),
        ({"profile": "mfa"}, "needs an MFA code"),
        ({"profile": "mfa", "role_arn": ROLE}, "needs an MFA code"),
        ({"profile": "nobody"}, "The config profile (nobody) could not be found"),
        ({"profile": "program"}, "'/none/program'; look at what the connection, its profile and the environment"),
        ({"profile": "program", "role_arn": ROLE}, "'/none/program'; look at"),
        ({"profile": "words"}, "Expecting value: line 1 column 1 (char 0); look at"),
        ({"profile": "token"}, "'/none/token'; look at"),
        ({"profile": "token", "role_arn": ROLE}, "'/none/token'; look at"),
        ({"region": "eu-central-1", "endpoint_url": "localhost:4566"}, "Invalid endpoint: localhost:4566; look at"),
    ],
    ids=lambda one: str(one) if isinstance(one, dict) else "",
)
def test_credentials_that_cannot_be_had_are_a_readable_error(connection, said, tmp_path):
    (tmp_path / "config").write_text(CONFIG)
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}
    process = subprocess.Popen(
        [sys.executable, "-c", CALL.format(connection=connection)],
        env={**environment, "AWS_CONFIG_FILE": str(tmp_path / "config")},
        stdin=subprocess.PIPE,  # open and silent, as a plugin's is
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        process.wait(60)
        assert process.stderr is not None
        assert said in process.stderr.read()
    finally:
        process.kill()
