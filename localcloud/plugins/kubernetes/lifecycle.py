"""Create, read, update and delete, the same for every kind."""

from __future__ import annotations

from collections.abc import Sequence

from localcloud.plugins.kubernetes import ownership, table
from localcloud.plugins.kubernetes.awaits.registry import looker_for, waiter_for
from localcloud.plugins.kubernetes.awaits.waiting import NotReady, ready_now, seconds_for, until_ready
from localcloud.plugins.kubernetes.cluster import ApiError, NoKind
from localcloud.plugins.kubernetes.differ import in_the_words_of
from localcloud.plugins.kubernetes.objects import (
    Object,
    drop,
    full_name,
    is_definition,
    of_token,
    parsed_id,
    stored,
    type_of,
    without_read_only,
)
from localcloud.plugins.kubernetes.state import Kept, kept, object_of, outputs, with_secrets
from localcloud.plugins.kubernetes.target import Target, named
from localcloud.plugins.kubernetes.writing import create_patiently, write, write_new
from localcloud.plugins.values import InitFailed, Props, ProviderError, has_unknown

# -- create


def preview_create(target: Target, given: Props) -> Props:
    """The object that the API server would make; the inputs as they are where it cannot be reached."""
    inputs, cluster = object_of(given), target.cluster
    if has_unknown(inputs) or cluster.unreachable or target.patches(inputs) or not cluster.settings.server_side_apply:
        return given
    try:
        if cluster.find_kind(str(inputs["apiVersion"]), str(inputs["kind"])) is None:
            return given
        live = write_new(target, inputs, ownership.manager_for(inputs, "", server_side=True), preview=True)
    except ApiError as error:
        if error.status in (403, 409) or error.namespace_is_missing:
            return given
        raise ProviderError(_not_created(target, error)) from None
    drop(live, "status")
    return outputs(inputs, live, given, ownership.manager_for(inputs, "", server_side=True))


def create(target: Target, given: Props, timeout_seconds: float) -> tuple[str, Props]:
    """Creates, and waits until usable. (id, state)."""
    inputs, cluster = object_of(given), target.cluster
    manager = ownership.manager_for(inputs, "", server_side=cluster.settings.server_side_apply)
    try:
        live = create_patiently(target, inputs, manager)
    except NoKind as error:
        raise ProviderError(
            f'creation of resource "{target.urn}" with kind {type_of(inputs)} failed because the Kubernetes API '
            "server reported that the apiVersion for this resource does not exist. Verify that any required CRDs have "
            f"been created: {error}"
        ) from None
    except ProviderError as error:
        raise ProviderError(_not_created(target, error)) from None
    if is_definition(inputs):
        cluster.forget_kinds()
    try:
        live = _wait(target, inputs, live, timeout_seconds)
    except NotReady as error:
        message = (
            f'resource "{target.urn}" was successfully created, but the Kubernetes API server reported that it failed '
            f"to fully initialize or become live: {error}"
        )
        state = outputs(inputs, error.live, given, manager)
        raise InitFailed(full_name(live), state, None, message, error.problems) from None
    return full_name(live), outputs(inputs, live, given, manager)


def _not_created(target: Target, error: Exception) -> str:
    return f'resource "{target.urn}" was not successfully created by the Kubernetes API server: {error}'


def _wait(target: Target, inputs: Object, live: Object, timeout_seconds: float) -> Object:
    waiter = waiter_for(target.cluster, inputs, live)
    return until_ready(waiter, seconds_for(timeout_seconds, inputs), target.progress) if waiter else live


# -- read


def read(target: Target, resource_id: str, state: Props, given: Props) -> tuple[str, Props, Props] | None:
    """(id, state, inputs) as they are now; None if it is gone. Without inputs it is an import."""
    cluster, known = target.cluster, kept(state)
    inputs, imported = _inputs_to_read(target, resource_id, known, object_of(given))
    live = cluster.find(named(inputs, resource_id))
    if live is None:
        return None
    problem: NotReady | None = None
    looker = None if imported else looker_for(cluster, inputs, live)
    try:
        live = ready_now(looker) if looker else live
    except NotReady as error:
        problem, live = error, error.live
    read_inputs = in_the_words_of(stored(inputs), live)
    if imported:
        names = table.input_names(target.token)
        read_inputs |= {key: value for key, value in without_read_only(live).items() if key in names}
        for name in ("deployment.kubernetes.io/revision", "kubectl.kubernetes.io/last-applied-configuration"):
            drop(read_inputs, "metadata", "annotations", name)
    manager = ownership.manager_for(inputs, known.manager, server_side=cluster.settings.server_side_apply)
    secret = given or state
    kept_state = outputs(read_inputs, live, secret, manager, known.initial_version)
    kept_inputs = with_secrets(read_inputs, secret)
    if problem is not None:
        raise InitFailed(resource_id, kept_state, kept_inputs, str(problem), problem.problems)
    return resource_id, kept_state, kept_inputs


def _inputs_to_read(target: Target, resource_id: str, known: Kept, given: Object) -> tuple[Object, bool]:
    if given.get("kind"):
        return given, False
    api_version, kind = of_token(target.token)
    if target.patches({}):
        kind = kind.removesuffix("Patch")
    inputs: Object = {"apiVersion": api_version, "kind": kind, "metadata": {}}
    namespace, name = parsed_id(resource_id)
    inputs["metadata"] |= {"name": name, **({"namespace": namespace} if namespace else {})}
    if known.live.get("kind"):
        return {**inputs, "apiVersion": known.live["apiVersion"], "kind": known.live["kind"]}, False
    return inputs, True


# -- update


def update(
    target: Target,
    state: Props,
    given: Props,
    ignored: Sequence[str],
    timeout_seconds: float,
    *,
    preview: bool,
) -> Props:
    """Writes what the inputs say, waits, and reads the result back."""
    cluster, known, inputs = target.cluster, kept(state), object_of(given)
    if preview and (has_unknown(inputs) or cluster.unreachable):
        return given
    server_side = cluster.settings.server_side_apply
    former = ownership.manager_for(known.inputs, known.manager, server_side=server_side)
    manager = ownership.manager_for(inputs, former, server_side=server_side)
    try:
        if preview and cluster.find_kind(str(inputs["apiVersion"]), str(inputs["kind"])) is None:
            return given
        live = write(target, known, inputs, manager, ignored, preview=preview)
        if not preview:
            live = _wait(target, inputs, live, timeout_seconds)
    except NoKind as error:
        raise ProviderError(
            f'update of resource "{target.urn}" failed because the Kubernetes API server reported that the apiVersion '
            f"for this resource does not exist. Verify that any required CRDs have been created: {error}"
        ) from None
    except ApiError as error:
        if preview and error.status == 403:
            return given
        raise _not_updated(target, known, inputs, given, manager, error) from None
    except ProviderError as error:
        raise _not_updated(target, known, inputs, given, manager, error) from None
    if server_side and not preview and former != manager:
        ownership.relinquish(cluster, live, former)
    return outputs(inputs, live, given, manager, known.initial_version)


def _not_updated(
    target: Target, known: Kept, inputs: Object, given: Props, manager: str, error: ProviderError
) -> ProviderError:
    """The object as it is goes into the state, with the error: the next update tries again."""
    resource_id = full_name(known.live)
    live = error.live if isinstance(error, NotReady) else target.cluster.find(known.live)
    if live is None:
        return ProviderError(f'update of resource "{target.urn}" failed: {error}')
    message = (
        f'the Kubernetes API server reported that "{resource_id}" failed to fully initialize or become live: {error}'
    )
    details = error.problems if isinstance(error, NotReady) else ()
    state = outputs(inputs, live, given, manager, known.initial_version)
    return InitFailed(resource_id, state, None, message, details)
