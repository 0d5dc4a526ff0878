"""The live color's release is not changed in place: it is deployed to the idle color, and promoted."""

from __future__ import annotations

from .colors import other
from .values import TRAFFIC_SWAPS, Props

TYPES = TRAFFIC_SWAPS


def violations(name: str, props: Props) -> list[str]:
    """The swap's own check says in ``live_release_change`` what an update changes under the live color."""
    change = props.get("live_release_change")
    if not isinstance(change, str) or not change:
        return []
    live = change.partition(":")[0]
    idle = other(live)
    if f", {idle}: " in change:
        return [
            f'{name}: live_release_change is "{change}": both colors have production traffic, as in a pause, or may '
            "have it, where the live weights could not be looked at. Requests would meet a release that has passed no "
            "gate. Give both their former releases back; finish the promotion or set activeColor back, and deploy the "
            "new one to the color that has no traffic then."
        ]
    return [
        f'{name}: live_release_change is "{change}": the live color would be changed in place, and production requests '
        f"would meet a release that has passed no gate. Give {live} its former release back and deploy the new one to "
        f"{idle}, the idle color; then promote it: `pulumi config set activeColor {idle} && pulumi up`."
    ]
