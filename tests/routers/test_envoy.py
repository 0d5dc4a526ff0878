"""Envoy on hosts of one's own: the file is the swap's or taken over whole, and says it all to an Envoy started anew."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import subprocess
import threading

import pytest

from bluegreen.fields import Fields
from bluegreen.hosts import files
from bluegreen.hosts.route_files import routes
from bluegreen.hosts.route_files.router import EnvoyRouter
from bluegreen.hosts.route_files.routes import Unfit, Wanted
from bluegreen.rollout.calls import guarded
from bluegreen.rollout.errors import NotOwned, PlatformError, TrafficMoved
from bluegreen.rollout.model import Convergence, Weights
from bluegreen.swap.service import SwapService
from localcloud.load import Load
from tests.routers.envoy_workshop import settled
from tests.routers.meddling import Meddling

CLUSTERS = {"blue": "web-blue", "green": "web-green"}
WANTED = Wanted("web", CLUSTERS)
BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")


@pytest.fixture
def routes_file(tmp_path):
    return tmp_path / "routes.json"


def router(routes_file, between=None, **more):
    section = {
        "routes_file": str(routes_file),
        "route_config": "web",
        "clusters": CLUSTERS,
        "admin_url": "http://127.0.0.1:1",
        "owner": "project/stack/web",
        **more,
    }
    made = EnvoyRouter(**section)
    if between is not None:
        made._files = Meddling(between)
    return made


def of_host(host, **more):
    section = {key: value for key, value in host.section(**more).items() if key != "kind"}
    return EnvoyRouter(**section)


@pytest.fixture
def clean(host):
    """The host with a file in which there is no route, before and after."""
    for file in (host.routes_file, host.folder / "routes.json.bluegreen"):
        file.unlink(missing_ok=True)
    files.LocalFiles().replace({str(host.routes_file): b'{"resources": []}'}, {str(host.routes_file): None})
    yield host
    of_host(host).delete()


# What somebody's own file may have: names in both spellings, numbers as texts, fields that nobody here knows.
THEIRS = {
    "versionInfo": "7",
    "resources": [
        {
            "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
            "name": "web",
            "virtualHosts": [
                {
                    "name": "shop",
                    "domains": ["shop.example.com"],
                    "routes": [
                        {"match": {"prefix": "/static"}, "route": {"cluster": "assets", "timeout": "3s"}},
                        {
                            "match": {"prefix": "/", "runtimeFraction": {"defaultValue": {"numerator": 50}}},
                            "route": {
                                "weightedClusters": {
                                    "clusters": [
                                        {"name": "web-blue", "weight": "3", "requestHeadersToAdd": [{"x": 1.5}]},
                                        {"name": "old", "weight": 0, "a_field_of_tomorrow": {"deep": [None, True]}},
                                    ],
                                    "headerName": "x-pick",
                                },
                                "retryPolicy": {"numRetries": 2},
                            },
                            "typedPerFilterConfig": {"waf": {"@type": "t", "rule": "é"}},
                        },
                    ],
                }
            ],
        }
    ],
    "another": 1,
}


def adopted(routes_file, content=THEIRS, **more):
    routes_file.write_text(json.dumps(content))
    return router(routes_file, adopt=True, **more)


def without_weights(found):
    """The file without the weights of the two clusters."""
    text = json.loads(json.dumps(found))
    split = text["resources"][0]["virtualHosts"][0]["routes"][1]["route"]["weightedClusters"]
    split["clusters"] = [
        {key: value for key, value in one.items() if key != "weight"}
        for one in split["clusters"]
        if one["name"] != "web-green"
    ]
    return text


def test_a_file_that_is_taken_over_keeps_whatever_else_stands_in_it(routes_file):
    made = adopted(routes_file)
    assert made.read().weights == Weights()
    made.write(BLUE)
    assert made.read().weights == BLUE
    for weights in (Weights.split("green", 10), GREEN, BLUE):
        made.write(weights)
        assert made.read().weights == weights
        assert without_weights(json.loads(routes_file.read_text())) == without_weights(THEIRS)
    made.delete()
    assert without_weights(json.loads(routes_file.read_text())) == without_weights(THEIRS)
    assert not routes_file.with_name("routes.json.bluegreen").exists()


def test_a_take_over_that_would_move_traffic_is_refused(routes_file):
    made = adopted(routes_file)
    before = routes_file.read_bytes()
    with pytest.raises(NotOwned, match=r"would move its traffic: it is blue 100 %, green 0 % now, wanted is"):
        made.write(GREEN)
    assert routes_file.read_bytes() == before
    assert not made.marks()


def test_a_file_with_routes_of_somebody_elses_is_not_the_swaps(routes_file):
    routes_file.write_text(json.dumps(THEIRS))
    with pytest.raises(NotOwned, match="say `adopt`"):
        router(routes_file).write(BLUE)
    with pytest.raises(NotOwned, match="say `adopt`"):
        router(routes_file).create(BLUE, {"lease.1": "x"})
    assert json.loads(routes_file.read_text()) == THEIRS


def test_a_route_to_one_cluster_becomes_one_with_weights(routes_file):
    theirs = json.loads(json.dumps(THEIRS))
    theirs["resources"][0]["virtualHosts"][0]["routes"][1]["route"] = {"cluster": "web-green", "timeout": "9s"}
    made = adopted(routes_file, theirs)
    made.write(GREEN)
    made.write(Weights.split("blue", 25))
    found = json.loads(routes_file.read_text())["resources"][0]["virtualHosts"][0]["routes"]
    shares = [{"name": "web-green", "weight": 75}, {"name": "web-blue", "weight": 25}]
    assert found[1]["route"] == {"timeout": "9s", "weighted_clusters": {"clusters": shares}}
    assert found[0] == theirs["resources"][0]["virtualHosts"][0]["routes"][0]


def configuration(*routes_of_it):
    return {"resources": [{"name": "web", "virtual_hosts": [{"routes": list(routes_of_it)}]}]}


def leading_to(cluster, **more):
    return {"match": {"prefix": "/"}, "route": {"cluster": cluster}, **more}


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ({"resources": [{"name": "other"}]}, "has no route configuration web"),
        (configuration(leading_to("assets")), "has 0 routes to web-blue or web-green"),
        (configuration(leading_to("web-blue"), leading_to("web-green")), "has 2 routes .* say it as `route`"),
        (
            configuration(
                {"route": {"weighted_clusters": {"runtime_key_prefix": "a", "clusters": [{"name": "web-blue"}]}}}
            ),
            "`runtime_key_prefix`",
        ),
        (
            configuration(
                {"route": {"weighted_clusters": {"clusters": [{"name": "web-blue"}, {"cluster_header": "x"}]}}}
            ),
            "a cluster that a request names",
        ),
    ],
)
def test_a_file_whose_route_is_not_known_for_certain_is_refused(routes_file, file, said):
    with pytest.raises(Unfit, match=said):
        routes.own_route(file, WANTED)
    made = adopted(routes_file, file)
    with pytest.raises(PlatformError, match=said):
        made.write(BLUE)
    assert json.loads(routes_file.read_text()) == file


def test_a_route_is_taken_over_by_its_name_where_there_are_more(routes_file):
    file = configuration(leading_to("web-blue", name="api"), leading_to("web-blue", name="rest"))
    made = adopted(routes_file, file, route="rest")
    made.write(BLUE)
    made.write(Weights.split("green", 50))
    first, second = json.loads(routes_file.read_text())["resources"][0]["virtual_hosts"][0]["routes"]
    assert first == leading_to("web-blue", name="api")
    assert [one["weight"] for one in second["route"]["weighted_clusters"]["clusters"]] == [50, 50]


def test_a_route_without_adopt_is_refused_by_its_name():
    fields = Fields({"routes_file": "/a.json", "route_config": "web", "clusters": CLUSTERS, "owner": "o", "route": "x"})
    EnvoyRouter.parse(fields)
    assert ("route", "x") in [(problem.field, problem.value) for problem in fields.problems]


@pytest.mark.parametrize(
    ("shares", "weights"),
    [
        ({"web-blue": 1, "web-green": 999}, Weights(1, 99)),
        ({"web-blue": 999, "web-green": 1}, Weights(99, 1)),
        ({"web-blue": 1, "other": 1}, Weights(50, 0)),
        ({"web-blue": 99.5, "web-green": 0}, Weights(0, 0)),
        ({"web-blue": 33, "web-green": 66, "other": 1}, Weights(33, 66)),
        ({"web-blue": 0, "web-green": 0}, Weights(0, 0)),
    ],
)
def test_a_part_of_a_percent_is_not_taken_for_nothing(shares, weights):
    clusters = [{"name": name, "weight": weight} for name, weight in shares.items()]
    assert routes.weights_of({"route": {"weighted_clusters": {"clusters": clusters}}}, CLUSTERS) == weights


def test_a_file_that_cannot_be_read_is_said_by_its_name(routes_file):
    routes_file.write_text("resources: []")
    with pytest.raises(PlatformError, match=r"routes\.json is not JSON"):
        router(routes_file).read()
    routes_file.write_text("[]")
    with pytest.raises(PlatformError, match="is not what Envoy reads"):
        router(routes_file).read()
    routes_file.unlink()
    routes_file.with_name("routes.json.bluegreen").write_text("{}")
    with pytest.raises(PlatformError, match=r"routes\.json\.bluegreen is not what a swap has written"):
        router(routes_file).read()


def test_a_symbolic_link_is_refused(routes_file):
    routes_file.with_name("real.json").write_text('{"resources": []}')
    routes_file.symlink_to("real.json")
    with pytest.raises(PlatformError, match="symbolic link"):
        router(routes_file).write(BLUE)
    assert routes_file.is_symlink()


def test_a_file_keeps_its_mode(routes_file):
    routes_file.write_text('{"resources": []}')
    routes_file.chmod(0o640)
    made = router(routes_file)
    made.write(BLUE)
    assert stat.S_IMODE(routes_file.stat().st_mode) == 0o640
    routes_file.unlink()
    made.write(BLUE)
    assert stat.S_IMODE(routes_file.stat().st_mode) == 0o644, "whoever runs Envoy has to be able to read it"


def test_what_is_written_is_on_the_disk_before_it_has_its_name_and_the_name_before_success(routes_file, monkeypatch):
    made = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)

        def told(*given, name=name, real=real):
            is_folder = name == "fsync" and stat.S_ISDIR(os.fstat(given[0]).st_mode)
            made.append("folder" if is_folder else name)
            return real(*given)

        monkeypatch.setattr(files.os, name, told)
    router(routes_file).write(BLUE)
    assert made == ["fsync", "replace", "folder"] * 2, "the owner's file, then the routes"
    made.clear()
    router(routes_file).write(GREEN)
    assert made == ["fsync", "replace", "folder"]
    assert sorted(path.name for path in routes_file.parent.iterdir()) == [
        "routes.json",
        "routes.json.bluegreen",
        "routes.json.lock",
    ]


def test_a_write_that_fails_leaves_the_file_and_nothing_beside_it(routes_file, monkeypatch):
    made = router(routes_file)
    made.write(BLUE)
    before = routes_file.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(PlatformError, match="No space left on device"):
        made.write(GREEN)
    assert routes_file.read_bytes() == before
    assert len(list(routes_file.parent.iterdir())) == 3


def test_marks_of_many_at_once_are_all_kept(routes_file):
    router(routes_file).write(BLUE)
    wanted = {f"note.{number}": str(number) for number in range(16)}

    def mark(name, value):
        router(routes_file).mark({name: value})

    threads = [threading.Thread(target=mark, args=item) for item in wanted.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert router(routes_file).marks() == wanted


def test_traffic_that_somebody_moves_after_a_look_is_not_written_over(routes_file):
    router(routes_file).write(BLUE)
    made = router(routes_file)
    assert made.glance().weights == BLUE
    router(routes_file).write(Weights.split("green", 30))
    with pytest.raises(TrafficMoved):
        made.write(GREEN)
    assert router(routes_file).read().weights == Weights.split("green", 30)
    made.write(GREEN)
    assert router(routes_file).read().weights == GREEN, "whoever has not looked writes what is wanted"


def test_traffic_that_somebody_moves_right_before_a_write_is_not_written_over(routes_file):
    router(routes_file).write(BLUE)
    made = router(routes_file, between=lambda: router(routes_file).write(Weights.split("green", 30)))
    with pytest.raises(TrafficMoved):
        made.write(GREEN)
    assert router(routes_file).read().weights == Weights.split("green", 30)


def test_a_mark_that_somebody_sets_right_before_a_write_is_kept(routes_file):
    router(routes_file).write(BLUE)
    made = router(routes_file, between=lambda: router(routes_file).mark({"abort": "x"}))
    made.write(GREEN)
    assert router(routes_file).read().marks == {"abort": "x"}
    assert router(routes_file).read().weights == GREEN


def test_of_two_first_starts_one_makes_the_route(routes_file):
    other = router(routes_file, owner="project/stack/other")
    made = router(routes_file, between=lambda: other.create(GREEN, {}))
    assert not made.create(BLUE, {"lease.1": "x"})
    assert other.read().weights == GREEN
    with pytest.raises(NotOwned, match="is owned by project/stack/other"):
        made.read()


def test_a_lock_that_somebody_keeps_is_said(routes_file, monkeypatch):
    monkeypatch.setattr(files, "_LOCK_SECONDS", 0.0)
    with files._locked(f"{routes_file}.lock"), pytest.raises(PlatformError, match="another process has had the lock"):
        router(routes_file).write(BLUE)


def test_a_lock_is_waited_for_by_the_swap_s_own_clock_and_watch(routes_file):
    told, slept = [], []
    with contextlib.ExitStack() as other:
        other.enter_context(files._locked(f"{routes_file}.lock"))

        def sleep(seconds):
            slept.append(seconds)
            if len(slept) == 3:
                other.close()

        with guarded(lambda: None, told.append, sleep):
            router(routes_file).write(BLUE)
    assert told == slept
    assert len(slept) == 3
    assert router(routes_file).read().weights == BLUE


# -- with the real Envoy


def test_envoy_goes_by_what_is_written_and_loses_no_request(clean):
    made = of_host(clean)
    made.write(BLUE)
    assert settled(made, BLUE)
    with Load(clean.url, rate_per_second=200) as load:
        for number in range(20):
            weights = (GREEN, Weights.split("green", 50), BLUE)[number % 3]
            made.write(weights)
            assert settled(made, weights)
    assert load.result.failed == 0, load.result.errors
    assert len(load.result) > 0


def test_a_host_that_is_down_is_said_and_a_cluster_that_is_not_checked_is_not_ready(clean):
    made = of_host(clean)
    assert made.health("green").ready
    other = of_host(clean, clusters={"blue": "web-blue", "green": "nobody"})
    assert other.health("green").reason == "Envoy has no cluster nobody"
    unchecked = json.dumps({"configs": [{"cluster": {"name": "web-green"}}]}).encode()

    class Unchecked:
        def get(self, path):
            real = made._admin.get(path)
            return unchecked if "config_dump" in path else real

    from bluegreen.hosts.route_files import admin

    found = admin.health_of(Unchecked(), "web-green")
    assert not found.ready
    assert "`health_checks`" in found.reason


def test_an_envoy_that_refuses_the_file_is_quoted(clean):
    made = of_host(clean)
    made.write(BLUE)
    assert settled(made, BLUE)
    broken = json.loads(clean.routes_file.read_text())
    broken["resources"][0]["virtual_hosts"][0]["domains"] = []
    seen = {str(clean.routes_file): clean.routes_file.read_bytes()}
    assert files.LocalFiles().replace({str(clean.routes_file): json.dumps(broken).encode()}, seen)
    made.write(GREEN)
    assert made.verify(GREEN) is Convergence.PENDING
    assert "Envoy refuses the file" in made.progress() or "other routes" in made.progress()
    assert clean.settles_on("blue")
    files.LocalFiles().replace({str(clean.routes_file): None}, {str(clean.routes_file): clean.routes_file.read_bytes()})


def test_an_envoy_that_does_not_answer_is_not_taken_for_one_that_goes_by_it(routes_file):
    made = router(routes_file)
    made.write(BLUE)
    assert made.verify(BLUE) is Convergence.PENDING
    assert "http://127.0.0.1:1 does not answer" in made.progress()
    assert "is that its admin interface (admin_url)?" in made.progress()


@pytest.fixture
def restarted(clean):
    """The host with an Envoy that its test ends, and that runs again in the end."""
    yield clean
    clean.stop()
    if not clean.routes_file.exists():
        clean.routes_file.write_text('{"resources": []}')
    clean.start()


def test_an_envoy_that_is_restarted_alone_never_serves_the_idle_color(restarted, monkeypatch):
    """At each moment of a first start, a promotion and a rollback: before and after each file of each write."""
    host, seen = restarted, []

    def restart():
        host.stop()
        host.start()
        seen.append(host.answers(5))
        live = of_host(host).read().weights.live_color
        made = "web-" in host.routes_file.read_text()
        assert seen[-1] == {live if live and made else "404"}, f"restart {len(seen)}"

    real = files._put

    def put(path, content):
        restart()
        real(path, content)
        restart()

    monkeypatch.setattr(files, "_put", put)
    for weights in (BLUE, GREEN, BLUE):
        made = of_host(host)
        made.write(weights)
        assert settled(made, weights)
        made.mark({"lease.1": weights.live_color})
        restart()
        assert seen[-1] == {weights.live_color}
    # Four restarts at a first start, which writes two files; two at each other write; two at each mark.
    assert len(seen) == 4 + 2 * 2 + 3 * 2 + 3
    assert seen[0] == {"404"}, "without a route nothing is served"


def test_an_envoy_whose_file_is_gone_does_not_start_and_serves_nothing(restarted):
    made = of_host(restarted)
    made.write(BLUE)
    restarted.stop()
    restarted.routes_file.unlink()
    from localcloud.errors import LocalCloudError

    with pytest.raises(LocalCloudError, match="does not exist"):
        restarted.start()
    made.write(BLUE)
    restarted.start()
    assert restarted.answers() == {"blue"}


def test_a_promotion_and_a_rollback_lose_no_request(clean):
    inputs = {
        "name": "web",
        "router": clean.section(),
        "releases": {"blue": "v1", "green": "v2"},
        "strategy": {"name": "canary", "steps": [{"weight_percent": 10, "hold_seconds": 0}]},
    }
    service = SwapService()
    _, outputs = service.create({**inputs, "active_color": "blue"})
    with Load(clean.url, rate_per_second=200) as load:
        for color in ("green", "blue"):
            outputs = service.update(outputs, {**inputs, "active_color": color})
            assert clean.settles_on(color)
    assert load.result.failed == 0, load.result.errors
    assert [entry["outcome"] for entry in outputs["history"]][:2] == ["rolled_back", "promoted"]
    service.delete({**outputs})
    assert clean.settles_on("404")
    assert not (clean.folder / "routes.json.bluegreen").exists()


@pytest.mark.skipif(shutil.which("jq") is None, reason="there is no jq here")
def test_the_commands_by_hand_do_what_they_say(routes_file):
    made = router(routes_file)
    made.write(BLUE)
    for weights in (Weights.split("green", 10), GREEN):
        for command in made.commands(weights):
            subprocess.run(["sh", "-c", command], check=True)
        assert made.read().weights == weights
