"""`python -m localcloud up azure` as a process."""

from localcloud import loopback
from localcloud.azure.local import LocalAzure
from tests.localcloud.going_up import up_again_used_and_down

ASK = """
import os, httpx
from azure.identity import EnvironmentCredential
token = EnvironmentCredential(authority=os.environ["AZURE_AUTHORITY_HOST"], disable_instance_discovery=True).get_token(
    "https://management.azure.com/.default").token
url = f"{os.environ['ARM_ENDPOINT']}/subscriptions/{os.environ['AZURE_SUBSCRIPTION_ID']}/resourcegroups/shop"
answer = httpx.put(url, params={"api-version": "2025-04-01"}, json={"location": "westeurope"},
                   headers={"Authorization": f"Bearer {token}"}, trust_env=True)
print(answer.status_code, answer.json()["name"])
"""


def test_up_again_use_and_down(tmp_path):
    with up_again_used_and_down(LocalAzure, tmp_path, ASK) as (azure, said):
        assert said == "201 shop\n"
        assert loopback.get(azure.requests).status_code == 404
