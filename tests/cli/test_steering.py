"""`promote`, `rollback` and `deploy`: which line they change, what they refuse, and what they run afterwards."""

from __future__ import annotations

import pytest
import yaml

from bluegreen.cli import config_file, stack, steering
from bluegreen.cli.exits import Exit
from bluegreen.cli.main import main
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import BluegreenError
from bluegreen.rollout.model import Weights
from tests.swap.bench import Swap

TEXT = """\
config:
  shop:activeColor: blue  # live
  shop:blueImage: v1
  shop:greenImage: v2
"""


@pytest.fixture
def swap():
    return Swap("steering", config_key="activeColor")


@pytest.fixture
def project(swap, tmp_path, monkeypatch):
    """A project whose `pulumi up` is this swap's update, as its config file says."""
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    file = tmp_path / "Pulumi.production.yaml"
    file.write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(steering, "_selected", lambda place: "production")

    def export(place):
        resource = {"urn": "urn:x::web-swap", "type": stack.TYPES[0], "outputs": swap.outputs}
        return {"deployment": {"resources": [resource]}}

    def up(name, cwd):
        config = {key.partition(":")[2]: value for key, value in yaml.safe_load(file.read_text())["config"].items()}
        releases = {color: config[f"{color}Image"] for color in ("blue", "green")}
        try:
            swap.up(config["activeColor"], releases=releases, promote_to_percent=config.get("promoteTo", 100))
        except BluegreenError:
            return False
        return True

    monkeypatch.setattr(stack, "export", export)
    monkeypatch.setattr(steering, "_up", up)
    return file


def lines_of(file):
    return [line for line in file.read_text().splitlines() if line not in TEXT.splitlines()]


def test_a_promotion_is_one_line_and_an_update(swap, project, capsys):
    assert main(["promote", "--yes"]) == Exit.DONE
    assert lines_of(project) == ["  shop:activeColor: green  # live"]
    assert swap.here.weights == Weights.all_on("green")
    said = capsys.readouterr().out
    assert "web: blue is live; green runs v2" in said
    assert "-  shop:activeColor: blue  # live\n+  shop:activeColor: green  # live" in said


def test_a_rollback_is_its_revert(swap, project):
    main(["promote", "--yes"])
    assert main(["rollback", "--yes"]) == Exit.DONE
    assert project.read_text() == TEXT
    assert swap.here.weights == Weights.all_on("blue")
    assert swap.outputs["history"][0]["outcome"] == "rolled_back"


def test_a_pause_is_promoted_further_or_taken_back(swap, project):
    assert main(["promote", "--to", "10", "--yes"]) == Exit.PAUSED
    assert swap.here.weights == Weights.split("green", 10)
    assert main(["promote", "--to", "50", "--yes"]) == Exit.PAUSED
    assert swap.here.weights == Weights.split("green", 50)
    assert main(["rollback", "--yes"]) == Exit.DONE
    assert swap.here.weights == Weights.all_on("blue")
    assert "activeColor: blue" in project.read_text()


def test_a_refused_promotion_ends_with_its_code_and_is_given_up_by_a_rollback(swap, project, capsys):
    swap.here.broken.add("green")
    assert main(["promote", "--yes"]) == Exit.HELD
    assert "`bluegreen rollback` takes that back" in capsys.readouterr().out
    swap.here.broken.clear()
    assert main(["rollback", "--yes"]) == Exit.DONE
    assert project.read_text() == TEXT


def test_the_config_alone(swap, project):
    assert main(["promote", "--only-config"]) == Exit.DONE
    assert swap.here.weights == Weights.all_on("blue")
    assert lines_of(project) == ["  shop:activeColor: green  # live"]


def test_a_wait_is_for_whoever_updates(swap, project):
    class AnotherJob(FakeClock):
        def sleep(self, seconds):
            super().sleep(seconds)
            if swap.outputs["live_color"] == "blue":
                swap.up("green")

    assert main(["promote", "--only-config", "--wait"], AnotherJob()) == Exit.DONE
    assert swap.here.weights == Weights.all_on("green")
    assert main(["rollback", "--only-config", "--wait", "--timeout", "30"], FakeClock()) == Exit.TIMED_OUT


def test_a_release_goes_into_the_color_that_is_idle_now(swap, project, capsys):
    assert main(["deploy", "v3", "--yes"]) == Exit.DONE
    assert lines_of(project) == ["  shop:greenImage: v3"]
    assert "web: blue is live, so green takes it" in capsys.readouterr().out
    assert swap.here.weights == Weights.all_on("blue")
    main(["promote", "--yes"])
    assert main(["deploy", "--set", "{color}Image=v4", "--promote", "--yes"]) == Exit.DONE
    assert "shop:blueImage: v4" in project.read_text()
    assert swap.here.weights == Weights.all_on("blue")
    assert swap.outputs["releases"]["blue"] == "v4"


@pytest.mark.parametrize(
    ("config_key", "lines", "changed"),
    [
        ("activeColor", ["shop:blueRelease: v1", "shop:greenRelease: v2"], "  shop:greenRelease: v3"),
        ("activeColor", ["shop:blueImage: v1"], "  shop:greenImage: v3"),  # green has had no release yet
        ("activeColor", ["shop:blueRelease: v1", "shop:greenImage: v2"], "  shop:greenImage: v3"),  # blue is adopted
        ("activeColor", ["shop:greenImage: ami-2", "shop:greenRelease: v2"], "  shop:greenRelease: v3"),
        ("services.web.activeColor", ["shop:services:", "  web:", "    greenImage: v2"], "      greenImage: v3"),
        ("other:activeColor", ["other:greenImage: v2", "shop:greenImage: v0"], "  other:greenImage: v3"),
    ],
)
def test_the_key_of_a_release_is_the_one_that_the_config_has(swap, project, config_key, lines, changed):
    swap.outputs = {**swap.outputs, "config_key": config_key}
    project.write_text("config:\n" + "".join(f"  {line}\n" for line in lines))
    before = project.read_text().splitlines()
    assert main(["deploy", "v3", "--only-config"]) == Exit.DONE
    assert [line for line in project.read_text().splitlines() if line not in before] == [changed]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["shop:greenVersion: v2"], "has neither greenImage nor greenRelease"),
        (["shop:blueRelease: v1"], "has neither greenImage nor greenRelease"),
        (["shop:greenImage: v5", "shop:greenRelease: v5"], "has both greenImage and greenRelease"),
    ],
)
def test_a_release_whose_key_the_config_does_not_tell_is_refused_with_what_to_type(project, capsys, lines, said):
    project.write_text("config:\n" + "".join(f"  {line}\n" for line in lines))
    before = project.read_text()
    assert main(["deploy", "v3", "--only-config"]) == Exit.REFUSED
    told = capsys.readouterr().err
    assert f"Pulumi.production.yaml {said}: name the key that the program reads" in told
    assert "--set '{color}Release=v3'; nothing was changed" in told
    assert project.read_text() == before
    assert main(["deploy", "--set", "{color}Version=v3", "--only-config"]) == Exit.DONE


def test_no_color_is_idle_while_a_promotion_is_paused_or_goes_on(swap, project, capsys):
    main(["promote", "--to", "10", "--yes"])
    before = project.read_text()
    assert main(["deploy", "v3", "--yes"]) == Exit.REFUSED
    assert "web is paused at 10 % green: both colors serve" in capsys.readouterr().err
    swap.here.marks["lease.aaaaaaaa"] = "2026-11-21T11:00:00Z me@here pid 1 on 00000000 promotion to green"
    for verb in (["deploy", "v3"], ["promote"], ["rollback"]):
        assert main([*verb, "--yes"]) == Exit.REFUSED
        assert "a swap of web runs: 2026-11-21T11:00:00Z me@here pid 1 promotion" in capsys.readouterr().err
    assert project.read_text() == before


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["deploy"], "name what to deploy"),
        (["deploy", "--set", "image"], "it has to be KEY=VALUE"),
        (["deploy", "--set", "blueImage=v9"], "blue is live; write {color}"),
        (["rollback"], "web has no former release to go back to: what green runs was not live"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_changed(swap, project, capsys, words, why):
    assert main([*words, "--yes"]) == Exit.REFUSED
    assert why in capsys.readouterr().err
    assert project.read_text() == TEXT


def test_a_key_that_only_begins_like_a_color_is_taken(swap, project):
    assert main(["deploy", "--set", "blueprint=x", "--only-config"]) == Exit.DONE
    assert "shop:blueprint: x" in project.read_text()


def test_where_the_key_is_not_known_the_change_is_printed(project, swap, capsys):
    swap.more.pop("config_key")
    swap.up("blue")
    assert main(["promote", "--yes"]) == Exit.REFUSED
    assert "(`config_key`). The change to make: set that key to green" in capsys.readouterr().err
    swap.more["config_key"] = "web.activeColor"
    swap.up("blue")
    assert main(["promote", "--yes"]) == Exit.REFUSED
    assert "has no web.activeColor: it is set elsewhere. The change to make: green" in capsys.readouterr().err
    assert project.read_text() == TEXT


def test_nobody_is_asked_without_a_terminal(swap, project, capsys):
    assert main(["promote"]) == Exit.REFUSED
    assert "--yes runs `pulumi up`, --only-config changes the file alone" in capsys.readouterr().err
    assert project.read_text() == TEXT


def test_a_release_that_was_never_live_is_no_way_back(swap, project, capsys):
    main(["promote", "--yes"])
    main(["deploy", "v9", "--yes"])
    assert main(["rollback", "--yes"]) == Exit.REFUSED
    assert (
        "what blue runs was not live right before green; `bluegreen promote blue` promotes it"
        in capsys.readouterr().err
    )
    assert swap.here.weights == Weights.all_on("green")


def test_what_somebody_else_changed_meanwhile_is_not_written_over(swap, project, monkeypatch, capsys):
    difference = config_file.difference

    def slow(before, after):
        project.write_text(TEXT + "  shop:more: x\n")
        return difference(before, after)

    monkeypatch.setattr(config_file, "difference", slow)
    assert main(["promote", "--yes"]) == Exit.REFUSED
    assert "was changed meanwhile: nothing was written" in capsys.readouterr().err
    assert swap.here.weights == Weights.all_on("blue")


def test_a_swap_that_was_never_live_is_refused(project, swap, monkeypatch, capsys):
    outputs = {**swap.outputs, "live_color": None, "weights": {"blue": 0, "green": 0}}
    resource = {"urn": "urn:x::web-swap", "type": stack.TYPES[0], "outputs": outputs}
    monkeypatch.setattr(stack, "export", lambda place: {"deployment": {"resources": [resource]}})
    assert main(["promote", "--yes"]) == Exit.REFUSED
    assert "web has no live color yet" in capsys.readouterr().err


# -- a gate that is wrong

NO = {"kind": "command", "command": ["false"]}
SKIP = ["promote", "--yes", "--skip-gates", "--reason", "its Prometheus is down"]


@pytest.fixture
def gated(swap, project):
    swap.more["gates"] = [NO]
    return swap


def test_a_promotion_that_a_wrong_gate_refused_goes_without_gates_and_everybody_is_told(gated, capsys):
    assert main(["promote", "--yes"]) == Exit.HELD
    assert main(SKIP, gated.clock) == Exit.DONE
    assert gated.here.weights == Weights.all_on("green")
    entry = gated.outputs["history"][0]
    assert entry["skipped"].endswith(": its Prometheus is down")
    assert {gate["gate"] for gate in entry["gates"]} == {"target health"}
    assert "all gates but target health are skipped" in gated.told("skipped")[0]
    assert not [name for name in gated.here.marks if name == "skip"]
    capsys.readouterr()
    assert main(["history"]) == Exit.DONE
    assert "its Prometheus is down" in capsys.readouterr().out


def test_no_later_promotion_goes_without_gates(gated):
    main(SKIP, gated.clock)
    main(["rollback", "--yes"])
    main(["deploy", "v3", "--yes"])
    assert main(["promote", "--yes"]) == Exit.HELD
    assert gated.here.weights == Weights.all_on("blue")


def test_a_wish_that_no_swap_took_is_taken_away(gated, monkeypatch):
    monkeypatch.setattr(steering, "_up", lambda name, cwd: False)
    main(SKIP, gated.clock)
    assert "skip" not in gated.here.marks
    monkeypatch.undo()


def test_a_color_that_is_not_healthy_is_not_promoted_for_any_reason(gated):
    gated.here.broken.add("green")
    assert main(SKIP, gated.clock) == Exit.HELD
    assert gated.here.weights == Weights.all_on("blue")
    assert "skip" not in gated.here.marks


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["promote", "--skip-gates"], Exit.USAGE),
        (["promote", "--skip-gates", "--reason", "  "], Exit.USAGE),
        (["promote", "--reason", "because"], Exit.USAGE),
        ([*SKIP, "--only-config"], Exit.REFUSED),
    ],
)
def test_gates_are_skipped_with_a_reason_and_by_an_update_alone(gated, project, arguments, code):
    assert main(arguments, gated.clock) == code
    assert project.read_text() == TEXT
    assert "skip" not in gated.here.marks
