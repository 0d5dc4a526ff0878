"""Classes of a program's own that add to a component, whatever module they stand in."""

from __future__ import annotations

import pulumi
import pytest

from bluegreen.aws import EcsService, alb
from tests.aws import mocked
from tests.aws.test_entries import COLORS, NETWORK

SERVICE = "aws:ecs/service:Service"


@pytest.mark.parametrize("module", ["__main__", "acme", "acme.services.web"])
def test_a_class_that_adds_to_a_component_has_arguments_of_its_own(module):
    def constructor(self, name, team, opts=None):
        EcsService.__init__(self, name, entry=alb(), tags={"team": team}, **COLORS, **NETWORK, opts=opts)

    own = type("TeamService", (EcsService,), {"__module__": module, "__init__": constructor})
    recorder, _ = mocked.run(lambda: own("web", team="orders"))
    services = [one for one in recorder.resources if one.type.startswith(SERVICE)]
    assert [service.inputs["tags"]["team"] for service in services] == ["orders", "orders"]
    with pytest.raises(pulumi.RunError, match=r"tags: 7 is not allowed|tags.team: 7 is not allowed"):
        mocked.run(lambda: own("web", team=7))
