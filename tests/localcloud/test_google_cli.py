"""`python -m localcloud up google` as a process."""

from localcloud.google.local import LocalGoogle
from tests.localcloud.going_up import up_again_used_and_down

ASK = """
from bluegreen.google.client import GoogleConnection
session = GoogleConnection().session("run.googleapis.com")
print(session.get("/v2/projects/shop/locations/europe-west1/services/web", "run.services.get"))
"""


def test_up_again_use_and_down(tmp_path):
    with up_again_used_and_down(LocalGoogle, tmp_path, ASK) as (_, said):
        assert said == "None\n", "there is none, says who may ask"
