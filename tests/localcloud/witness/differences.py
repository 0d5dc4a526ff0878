"""Steps that come to something else in Google's stand-in than in Knative Serving, and why that stays."""

from __future__ import annotations

_DELETION = (
    "Google deletes no revision that can get requests, and not the latest "
    "([page](https://cloud.google.com/run/docs/managing/revisions)); Knative does, and makes the latest one again"
)
_NAME = (
    "Google refuses the request ([409](https://github.com/hashicorp/terraform-provider-google/issues/14569)); Knative "
    "takes it, and the service is not ready"
)
_SAME_NAME = "no page of Google's says it: the stand-in refuses that, Knative takes it, and the service is not ready"
DIFFERENCES: dict[tuple[str, int], str] = {
    ("an earlier name again", 3): _SAME_NAME,
    ("an earlier name again, for another release", 3): _NAME,
    ("the deletion of a revision that has requests", 3): _DELETION,
    ("the deletion of a revision that has a tag", 4): _DELETION,
    ("the deletion of the latest revision", 3): _DELETION,
    ("the deletion of the only revision", 2): _DELETION,
}
"""By case and the step's place in it."""
