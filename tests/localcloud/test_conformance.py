"""The comparison of two runs by `make conformance`, and the driver of a plugin in a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from localcloud.errors import LocalCloudError
from localcloud.plugins.driver import CallFailed, Driver
from localcloud.plugins.remote import Remote
from localcloud.tools import kubernetes_plugin
from tests.localcloud.conformance import report
from tests.localcloud.conformance.differences import DIFFERENCES

HERE = Path(__file__).parent
DROVE = '<properties><property name="drove" value=""/></properties>'
WRONG = '<failure message="AssertionError: a&#10;b"/>'
REPORT = f"""<testsuites><testsuite>
<testcase classname="tests.localcloud.test_a" name="test_same">{DROVE}</testcase>
<testcase classname="tests.localcloud.test_a" name="test_no_plugin"/>
<testcase classname="tests.localcloud.test_a" name="test_left_out"><skipped/></testcase>
<testcase classname="tests.localcloud.test_a" name="test_other[x]">{WRONG}</testcase>
</testsuite></testsuites>"""


def test_only_what_drives_a_plugin_counts() -> None:
    assert report.read(REPORT) == {"test_a::test_same": "", "test_a::test_other[x]": "AssertionError: a"}


@pytest.mark.parametrize(
    ("real", "reasons", "unlisted", "stale"),
    [
        ({"a": "", "b": ""}, {}, (), ()),
        ({"a": "", "b": "AssertionError"}, {}, ("b",), ()),
        ({"a": "", "b": "AssertionError"}, {"b": "older"}, (), ()),
        ({"a": "", "b[x]": "AssertionError", "b": ""}, {"b": "older"}, (), ()),
        ({"a": "", "b": ""}, {"b": "older"}, (), ("b",)),
        ({"a": ""}, {}, ("b",), ()),
    ],
)
def test_what_differs_is_listed_or_fails(
    real: dict[str, str], reasons: dict[str, str], unlisted: tuple[str, ...], stale: tuple[str, ...]
) -> None:
    found = report.compare({"a": "", **dict.fromkeys(set(real) - {"a"} or {"b"}, "")}, real, reasons)
    assert (found.unlisted, found.stale) == (unlisted, stale)
    assert found.as_listed == (not unlisted and not stale)


def test_what_fails_over_the_stand_in_is_no_difference_and_fails_it() -> None:
    found = report.compare({"a": "AssertionError"}, {"a": "AssertionError"}, {})
    assert not found.differing
    assert not found.as_listed


def test_the_page_has_the_figures_of_what_is_listed() -> None:
    page = (HERE.parents[1] / "docs" / "stand-ins.md").read_text()
    before, _, rest = page.partition(report.BEGIN)
    figures, _, after = rest.partition(report.END)
    assert before
    assert after
    assert "have the same outcome" in figures
    assert kubernetes_plugin.COMMIT in figures
    for name, reason in DIFFERENCES.items():
        assert f"| `{name.partition('::')[2]}` | {reason} |" in figures
        file, _, test = name.partition("::")
        assert f"def {test.partition('[')[0]}(" in (HERE / f"{file}.py").read_text(), f"{name} is no test"


def test_the_scenarios_page_names_the_version_and_its_day() -> None:
    page = (HERE.parents[1] / "docs" / "safety.md").read_text()
    assert f"as of {kubernetes_plugin.DATE} (`{kubernetes_plugin.COMMIT}`)" in page


def test_a_plugin_in_a_process_of_its_own_answers_as_one_in_this_one() -> None:
    remote = Remote([sys.executable, "-u", "-m", "localcloud.plugins.kubernetes"])
    try:
        driver = Driver(remote, {"kubeconfig": "/nowhere/kubeconfig"}, package="kubernetes")
        with pytest.raises(CallFailed, match="not served by this stand-in"):
            driver.invoke("kubernetes:kustomize:directory", directory="a")
        driver.check("kubernetes:core/v1:ConfigMap", "a", {"data": {"a": "1"}})
        assert any("unreachable" in said for said in remote.engine.said), "what it tells the engine is kept"
    finally:
        remote.end()


def test_a_program_that_is_no_plugin_is_said() -> None:
    with pytest.raises(LocalCloudError, match=r"said 'hello .*' instead of its port"):
        Remote(["echo", "hello"])
