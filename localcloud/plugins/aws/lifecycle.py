"""Create, read, update and delete, the same for every type: what goes to the API and what comes back into the state."""

from __future__ import annotations

from typing import Any

from localcloud.plugins.aws.differ import differences, empty, settled
from localcloud.plugins.aws.model import UNKNOWN, Change, InitFailed, Props, ProviderError, ResourceType
from localcloud.plugins.aws.session import Aws
from localcloud.plugins.aws.table import output_names


def clean(value: Any) -> Any:
    """Values without the provider's own `__defaults` marks and without nulls."""
    if isinstance(value, dict):
        return {k: clean(item) for k, item in value.items() if not k.startswith("__") and item is not None}
    return [clean(item) for item in value] if isinstance(value, list) else value


def preview_create(declared: ResourceType, region: str, inputs: Props) -> Props:
    """The predicted properties of a new resource: inputs as they are, everything the API decides unknown."""
    outputs = clean(inputs)
    for name, prop in declared.props.items():
        if prop.computed and "." not in name:
            outputs.setdefault(name, UNKNOWN)
    for name in output_names(declared.token):
        outputs.setdefault(name, UNKNOWN)
    return _common(declared, region, outputs, "")


def preview_update(
    declared: ResourceType, resource_id: str, olds: Props, news: Props, ignore: tuple[str, ...]
) -> Props:
    """The state with the changed properties replaced: what does not change stays known."""
    wanted, outputs = clean(news), dict(olds)
    changed = {one.top for one in differences(declared, wanted, olds, ignore)}
    if changed - {"tags"}:
        outputs |= dict.fromkeys(declared.renewed, UNKNOWN)
    for name in changed:
        if name not in wanted:
            outputs.pop(name, None)
        elif isinstance(wanted[name], dict) and isinstance(olds.get(name), dict):
            kept = {k: v for k, v in olds[name].items() if declared.prop(f"{name}.{k}").computed}
            outputs[name] = {**kept, **wanted[name]}
        else:
            outputs[name] = wanted[name]
    return _common(declared, olds.get("region", ""), outputs, resource_id)


def _common(declared: ResourceType, region: str, outputs: Props, resource_id: str) -> Props:
    """The outputs that every type has."""
    if declared.taggable:
        outputs["tagsAll"] = outputs.get("tags", {})
    if declared.regional and (outputs.get("region") in (None, UNKNOWN)):
        outputs["region"] = region
    if resource_id:
        outputs["id"] = resource_id
    return outputs


def _outputs(declared: ResourceType, aws: Aws, resource_id: str, template: Props, live: Props) -> Props:
    outputs: Props = settled(declared, template, live, "", everything=True)
    if "tags" not in template and empty(outputs.get("tags")):
        outputs.pop("tags", None)
    return _common(declared, aws.region, outputs, resource_id)


def create(declared: ResourceType, aws: Aws, inputs: Props, timeout: float) -> tuple[str, Props]:
    """Creates, waits until usable, then writes whatever the create call could not take.

    Once there is an id, a failure keeps it: the resource must not be orphaned.
    """
    wanted = clean(inputs)
    aws = aws.within(wanted)
    resource_id = declared.create(aws, wanted)
    known: Props = {**wanted, "id": resource_id}
    try:
        declared.wait(aws, resource_id, wanted, timeout or declared.create_timeout)
        live = _present(declared, aws, resource_id, wanted)
        known = _outputs(declared, aws, resource_id, wanted, live)
        changed = frozenset(one.top for one in differences(declared, wanted, known))
        if changed:
            declared.update(aws, resource_id, Change(live, wanted, changed))
            live = _present(declared, aws, resource_id, wanted)
    except Exception as error:  # noqa: BLE001 - also on a defect of this plugin the id must reach the state
        reason = str(error) if isinstance(error, ProviderError) else f"defect in the AWS stand-in: {error!r}"
        raise InitFailed(resource_id, known, inputs, reason) from None
    return resource_id, _outputs(declared, aws, resource_id, wanted, live)


def _present(declared: ResourceType, aws: Aws, resource_id: str, props: Props) -> Props:
    live = declared.read(aws, resource_id, props)
    if live is None:
        raise ProviderError(f"{resource_id} was written, but the API no longer knows it")
    return dict(clean(live))


def read(declared: ResourceType, aws: Aws, resource_id: str, props: Props, inputs: Props) -> tuple[Props, Props] | None:
    """(outputs, inputs) as they are now; None if the resource is gone. Without inputs it is an import."""
    aws = aws.within(props)
    answer = declared.read(aws, resource_id, props)
    if answer is None:
        return None
    live: Props = clean(answer)
    outputs = _outputs(declared, aws, resource_id, props, live)
    if inputs:
        return outputs, settled(declared, inputs, live, "", everything=False)
    taken = {k: v for k, v in live.items() if k in declared.props and not empty(v) and v != declared.prop(k).default}
    return outputs, {**taken, "__defaults": []}


def update(
    declared: ResourceType,
    aws: Aws,
    resource_id: str,
    olds: Props,
    news: Props,
    ignore: tuple[str, ...],
    timeout: float,
) -> Props:
    """Writes only what differs between the state and the inputs, waits, and reads the result back."""
    wanted = clean(news)
    aws = aws.within(wanted)
    changed = frozenset(one.top for one in differences(declared, wanted, olds, ignore))
    declared.update(aws, resource_id, Change(olds, wanted, changed))
    declared.wait(aws, resource_id, wanted, timeout or declared.create_timeout)
    return _outputs(declared, aws, resource_id, wanted, _present(declared, aws, resource_id, {**olds, **wanted}))


def delete(declared: ResourceType, aws: Aws, resource_id: str, props: Props) -> None:
    declared.delete(aws.within(props), resource_id, props)
