"""`python -m localcloud up cloudfoundry` as a process."""

from localcloud import loopback
from localcloud.cloudfoundry.local import LocalCloudFoundry
from localcloud.cloudfoundry.world import DOMAIN, ORGANIZATION, SPACE
from localcloud.processes import Daemon
from tests.localcloud.going_up import up_again_used_and_down

ASK = f"""
from bluegreen.cloudfoundry import places
from bluegreen.cloudfoundry.client import CloudFoundryConnection
session = CloudFoundryConnection().session()
space = places.space_guid(session, "{ORGANIZATION}/{SPACE}")
apps = places.apps_of(session, space, {{"blue": "web-blue", "green": "web-green"}})
route = places.route_of(session, space, "web.{DOMAIN}")
print(sorted(apps), [one["app"]["guid"] == apps["blue"].guid for one in route["destinations"]])
"""


def test_up_again_use_and_down(tmp_path):
    with up_again_used_and_down(LocalCloudFoundry, tmp_path, ASK) as (foundry, said):
        assert said == "['blue', 'green'] [True]\n"

        def answers():
            return loopback.get(foundry.requests, headers={"Host": f"web.{DOMAIN}"})

        # Its instances begin with the process, and get requests once they have passed their health check.
        while answers().status_code != 200 and Daemon.of(foundry.pid).alive():
            pass
        assert answers().json()["color"] == "blue"
