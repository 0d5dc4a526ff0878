"""Each command in the docs is one: program, subcommand and options exist; each error of the reference is the code's."""

from __future__ import annotations

import ast
import importlib.util
import re
import shlex
import subprocess
from functools import cache
from pathlib import Path

import click
import pytest

from bluegreen.cli.main import group

REPO = Path(__file__).resolve().parents[1]
PAGES = [*sorted((REPO / "docs").glob("*.md")), *(REPO / name for name in ("README.md", "CONTRIBUTING.md"))]
# Of the Pulumi CLI: subcommands and their options, as `pulumi COMMAND --help` has them.
PULUMI = {
    "cancel": {"--yes"},
    "config rm": {"--path"},
    "config set": {"--path", "--secret"},
    "destroy": {"--yes", "--target"},
    "install": set(),
    "import": {"--yes", "--file"},
    "login": {"--local"},
    "package add": set(),
    "plugin install": {"--file", "--reinstall"},
    "plugin ls": set(),
    "preview": {"--diff", "--json", "--show-sames", "--stack", "--policy-pack", "--policy-pack-config"},
    "refresh": {"--yes"},
    "stack export": {"--file"},
    "stack import": {"--file"},
    "stack init": set(),
    "stack output": {"--json", "--show-secrets", "--stack"},
    "stack rename": set(),
    "stack select": set(),
    "state delete": {"--yes"},
    "state unprotect": {"--yes"},
    "up": {"--yes", "--parallel", "--skip-preview", "--stack", "--target", "--replace", "--refresh", "--exclude"},
}


def blocks(page: Path) -> list[str]:
    return re.findall(r"^```(?:sh|bash|console)\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def simple_commands(block: str) -> list[list[str]]:
    """Every command of a block in words, without what redirects it or assigns before it."""
    text = re.sub(r"(^|\s)#.*$", "", block.replace("\\\n", " "), flags=re.MULTILINE)
    lexer = shlex.shlex(text, posix=True, punctuation_chars=";&|<>\n")
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t", True, ""
    found: list[list[str]] = [[]]
    skip = False
    for word in lexer:
        if set(word) <= set(";&|\n"):
            found.append([])
        elif set(word) <= set("<>"):
            skip = True
        elif skip:
            skip = False
        elif found[-1] or re.fullmatch(r"\w+=.*", word) is None:
            found[-1].append(word)
    return [words for words in found if words]


@cache
def targets() -> frozenset[str]:
    return frozenset(re.findall(r"^([a-z-]+):", (REPO / "Makefile").read_text(), re.MULTILINE))


def problem_of(words: list[str]) -> str:
    """What is wrong with a command; empty where nothing is, or where the program is somebody else's."""
    program, *rest = words
    name = program.rpartition("/")[2]
    if name == "bluegreen":
        return problem_of_ours(rest)
    if name == "make":
        missing = [word for word in rest if "=" not in word and word not in targets()]
        return f"the Makefile has no {missing}" if missing else ""
    if name.startswith("python") and rest[:1] == ["-m"]:
        return "" if importlib.util.find_spec(rest[1]) else f"there is no module {rest[1]}"
    return problem_of_pulumi(rest) if name == "pulumi" else ""


def problem_of_ours(words: list[str]) -> str:
    try:
        context = click.Context(group, info_name="bluegreen")
        if words[:1] == ["--help"]:
            return ""
        name, command, rest = group.resolve_command(context, words)
        command.make_context(name, list(rest), parent=context)
    except click.UsageError as error:
        return error.format_message()
    return ""


def problem_of_pulumi(words: list[str]) -> str:
    options = [word.partition("=")[0] for word in words if word.startswith("--")]
    plain = [word for word in words if not word.startswith("-")]
    known = next((name for name in (" ".join(plain[:2]), *plain[:1]) if name in PULUMI), None)
    if known is None:
        return f"no command of Pulumi's that is known here: {' '.join(words)}"
    more = sorted(set(options) - PULUMI[known])
    return f"pulumi {known} has no {', '.join(more)} that is known here" if more else ""


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("bluegreen status --stack production --until live", ""),
        ("bluegreen stauts", "No such command 'stauts'"),
        ("bluegreen status --stak production", "No such option"),
        ("make demo && make nothing", "the Makefile has no ['nothing']"),
        ("X=1 python -m bluegreen.permissions alb > policy.json", ""),
        ("python -m bluegreen.nothing", "there is no module bluegreen.nothing"),
        ("pulumi config set a 'b; c' && pulumi up --yes", ""),
        ("pulumi up --diffs", "pulumi up has no --diffs that is known here"),
        ("pulumi promote", "no command of Pulumi's that is known here: promote"),
    ],
)
def test_a_mistake_is_found(line, told):
    problems = [problem_of(words) for words in simple_commands(line)]
    assert told in "; ".join(filter(None, problems))
    assert bool(told) == any(problems)


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)], ids=lambda page: page.name)
def test_the_commands_of_a_page_exist(page):
    text = "\n".join(blocks(page))
    done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    problems = {shlex.join(words): problem for words in simple_commands(text) if (problem := problem_of(words))}
    assert not problems


# What a page installs and where it logs in is not done here: a folder and its files are what is left.
NOT_DONE = """set -e
python3() { mkdir .venv .venv/bin; touch .venv/bin/activate; }
pip() { :; }
pulumi() { :; }
"""


@pytest.mark.parametrize("page", ["start-ecs.md", "start-kubernetes.md"])
def test_the_first_commands_of_a_start_page_leave_a_project_for_the_program(page, tmp_path):
    (block,) = re.findall(r"<!-- walk:install -->\n```sh\n(.*?)```", (REPO / "docs" / page).read_text(), re.DOTALL)
    done = subprocess.run(["bash", "-c", NOT_DONE + block], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (project,) = tmp_path.glob("*/Pulumi.yaml")
    assert project.read_text() == f"name: {project.parent.name}\nruntime: python\n"


def test_so_do_those_within_the_text():
    """The command's own and the Makefile's; `…` stands for anything, and a subcommand alone for what it does."""
    problems = {}
    for page in PAGES:
        prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
        for line in re.findall(r"`((?:bluegreen|make) [a-z][^`…]*)`", prose):
            for words in simple_commands(line):
                named = words[0] == "bluegreen" and words[1:] in ([name] for name in group.commands)
                if not named and (problem := problem_of(words)):
                    problems[f"{page.name}: {line}"] = problem
    assert not problems


# -- errors

OURS = (REPO / "docs" / "errors.md").read_text().partition("## Pulumi's own")[0]
ERRORS = re.findall(r"^\| `([^`]+)` \|", OURS, re.MULTILINE)


def fixed_part(error: str) -> str:
    """The longest part of an error that is the same each time."""
    return max(error.split("…"), key=len).strip(" :;")


@cache
def texts(folder: str) -> str:
    """Every text in the Python files of a folder, one a line; in it a placeholder is `{}`."""
    lines = []
    for path in sorted((REPO / folder).rglob("*.py")):
        if path == Path(__file__):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.JoinedStr):
                parts = (str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
                lines.append("".join(parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                lines.append(node.value)
    return "\n".join(lines).replace("\\", "")


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_of_the_reference_is_one_of_the_packages(error):
    """That it is raised, too, is for tests/test_error_reference.py."""
    part = fixed_part(error)
    assert any(part in texts(folder) for folder in ("components/bluegreen", "stacks")), f"nothing says {part!r}"


def test_there_are_commands_and_errors():
    assert sum(len(blocks(page)) for page in PAGES) > 50
    assert len(ERRORS) > 10
