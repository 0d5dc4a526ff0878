"""Every text that an error of the package has, with its cause and what to do: the tables of docs/error-texts.md.

python -m dev.error_texts                # writes the tables
python -m dev.error_texts sshd           # prints those with a word

A text is read where it is raised. Names and numbers in it are `…`; what a platform answers is no text of the package.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
PACKAGE = REPO / "components" / "bluegreen"
PAGE = REPO / "docs" / "error-texts.md"
BEGIN, END = "<!-- texts:begin -->", "<!-- texts:end -->"

AREAS = {
    "aws": "AWS",
    "azure": "Azure",
    "google": "Google Cloud",
    "kubernetes": "Kubernetes",
    "cloudfoundry": "Cloud Foundry",
    "hosts": "Hosts of your own",
    "gates": "Gates",
    "metrics": "Gates",
    "schema": "Gates",
    "secrets.py": "Gates",
    "cli": "The command",
    "adapters": "The swap",
    "component": "The swap",
    "platforms": "The swap",
    "rollout": "The swap",
    "swap": "The swap",
    "notifications": "Messages and metrics",
    "telemetry": "Messages and metrics",
}
"""The heading under which a folder's texts stand."""

NOT_OURS = frozenset({"ValueError", "TypeError", "AttributeError", "AssertionError", "RuntimeError", "ImportError"})
"""Python's own, which no user sees as they are."""

LEAST_WORDS = 3
"""A text of fewer words is what a platform says, behind a name."""

UP = "then `pulumi up`"

ADVICE: tuple[tuple[str, str, str], ...] = (
    (r"pip install", "a package is missing", "the command in the text"),
    (r"is not allowed; allowed", "a field has a value that it cannot have", f"change the field, {UP}"),
    (
        r"\bowned by\b|belongs to|this swap is|is not the swap's",
        "the object belongs to another stack or component",
        f"give this service an object of its own, or `pulumi destroy` there, {UP}",
    ),
    (
        r"taking (it |.+ )?over|would (take|move)|neither color's|set by |has not (made|written)|as one color's|tags, ",
        "the object to adopt leads elsewhere, or has no room for the swap's marks",
        f"do what the text says by hand, or set `activeColor` to the color that has the traffic, {UP}",
    ),
    (r"was aborted by", "`bluegreen abort`", f"`bluegreen retry` when it may be tried again, {UP}"),
    (r"^gate … (failed|is incon|did not)", "a check said no", f"another release, or `bluegreen retry`, {UP}"),
    (
        r"moved them|moved the traffic|somebody (else )?(has|makes)|all the time|by others|meanwhile|each time that it",
        "somebody else writes there",
        f"find out who, {UP}",
    ),
    (
        r"… cannot be written: |in steps of its own",
        "this entry cannot split traffic",
        f"take `strategy` and `promoteTo` out, {UP}",
    ),
    (
        r"credential|token|log in|login|let … in|sign_in_secret says",
        "the one who runs this has no valid login there",
        f"log in as the text says, {UP}",
    ),
    (
        r"not answer|not be reached|cannot be reached|was lost|has not answered|no way to|not reached|listens? at",
        "it cannot be reached from here",
        f"check the address and the network, {UP}",
    ),
    (
        r"still at work|is open there|had the lock|comes and goes|is not moved",
        "something else runs there",
        f"wait for its end, {UP}",
    ),
    (
        r"within … s|after … s|has no end|no end|in time|could not be renewed|lock cannot",
        "it took longer than it may",
        f"look at the platform, {UP}",
    ),
    (
        r"(there is|there are) no|^no |neither environment|has no (stage|map|place|path)|no file|no such|is missing",
        "what the program names is not there",
        f"make it, or correct the name, {UP}",
    ),
    (
        r"could not|cannot be|Failed|failed|is not (ready|staged)|disabled again",
        "the platform did not do it",
        f"mend what the text names, {UP}",
    ),
)
"""A pattern of a text, its cause, and what to do; the first that fits counts."""

OF_THE_COMMAND: tuple[tuple[str, str], ...] = (
    (r"is not on PATH", "install Pulumi, or put it on `PATH`"),
    (r"--cwd", "`--cwd DIR`"),
    (r"--swap \(|several swaps", "`--swap NAME`"),
    (r"has no swap|no stack of this project", "`--stack NAME`, or `pulumi up` first"),
    (r"no live color yet", "`pulumi up`"),
    (r"is paused", "`bluegreen promote` or `bluegreen rollback`"),
    (r"a swap of … runs", "`bluegreen status --watch`, or `bluegreen abort`"),
    (r"no terminal", "`--yes`, or `--only-config`"),
    (r"--set|name what to deploy", "`bluegreen deploy --set KEY=VALUE`, with `{color}` for the idle color"),
    (
        r"variable … is not set|GitHub Actions|pull request",
        "[the job's variables](command.md#a-comment-on-the-pull-request)",
    ),
    (r"the key that|config key|set elsewhere|kept elsewhere|no place", "change the line in the stack's config by hand"),
    (r"no former release", "`bluegreen promote`"),
    (r"skip-gates", "both options together, without `--only-config`"),
)
"""What to type where a command failed, by a pattern of the text."""

OF_KIND = {
    "NotOwned": (
        "the object is somebody else's, or not as an adoption needs it",
        f"do what the text says, {UP}",
    ),
    "GateUnavailable": ("a gate has no answer: no pass, and no verdict", f"make it answer, {UP}"),
    "NoRecord": ("the record of applied migrations cannot be used", f"correct what the text names, {UP}"),
    "LeaseLost": ("another swap took over", "`bluegreen status`"),
    "Cancelled": ("Ctrl-C", "`pulumi up` again"),
}
"""Cause and remedy by the kind of an error, where no pattern fits."""

OF_AREA = {
    "The command": ("the command cannot be done; nothing was changed", "what the text says"),
    "Messages and metrics": (
        "what takes them refuses, or is not there; no swap fails for it",
        "correct address or file",
    ),
}
"""The same by the heading."""

OTHERWISE = ("what the text names is not as a swap needs it", f"correct it as the text says, {UP}")


@dataclass(frozen=True, slots=True)
class Text:
    """One text of an error.

    Attributes:
        area: the heading that it stands under.
        text: itself; what differs from time to time is `…`.
        kind: the name of its class.
    """

    area: str
    text: str
    kind: str

    @property
    def advice(self) -> tuple[str, str]:
        """Its cause, and what to do."""
        if self.area == "The command":
            remedy = next((what for pattern, what in OF_THE_COMMAND if re.search(pattern, self.text)), None)
            cause, otherwise = OF_AREA[self.area]
            return cause, remedy or otherwise
        if self.area in OF_AREA and "pip install" not in self.text:
            return OF_AREA[self.area]
        for pattern, cause, remedy in ADVICE:
            if re.search(pattern, self.text):
                return cause, remedy
        return OF_KIND.get(self.kind, OTHERWISE)

    @property
    def row(self) -> str:
        """Its line in a table."""
        cause, remedy = self.advice
        return f"| {_code(self.text)} | {cause} | {remedy} |"


def _code(text: str) -> str:
    quoted = text.replace("|", "\\|")
    return f"`` {quoted} ``" if "`" in text else f"`{quoted}`"


def _template(node: ast.expr) -> str | None:
    """A text as it is written, with `…` for each placeholder; ``None`` where it is made elsewhere."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        parts = (str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        return "".join(parts)
    return None


def _raised(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Kind and text of each error that a module raises."""
    for node in ast.walk(tree):
        call = node.exc if isinstance(node, ast.Raise) else None
        if not isinstance(call, ast.Call):
            continue
        kind = ast.unparse(call.func).rpartition(".")[2]
        text = _template(call.args[-1]) if call.args else None
        if kind not in NOT_OURS and text is not None:
            yield kind, re.sub(r"(… ?)+…", "…", text).partition("\n")[0].strip()


def texts() -> tuple[Text, ...]:
    """All texts, by area and in the order of the alphabet, each once in an area."""
    found: dict[tuple[str, str], Text] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        area = AREAS.get(path.relative_to(PACKAGE).parts[0], "")
        for kind, text in _raised(ast.parse(path.read_text())) if area else ():
            if len(re.findall(r"[A-Za-z]{2,}", text)) >= LEAST_WORDS:
                found.setdefault((area, text), Text(area, text, kind))
    order = list(dict.fromkeys(AREAS.values()))
    return tuple(sorted(found.values(), key=lambda one: (order.index(one.area), one.text.lower())))


def tables() -> str:
    """The tables of the page."""
    parts = []
    for area in dict.fromkeys(AREAS.values()):
        rows = [one.row for one in texts() if one.area == area]
        parts += [f"\n## {area}\n", "| text | cause | do |", "| --- | --- | --- |", *rows] if rows else []
    return "\n".join(parts).strip()


def listed() -> tuple[str, ...]:
    """The rows that the page has."""
    return tuple(re.findall(r"^\| `.* \|$", PAGE.read_text(), re.MULTILINE))


def main(words: list[str]) -> None:
    """Write the tables, or print what has one of the words."""
    if words:
        for one in texts():
            if any(word.lower() in one.text.lower() for word in words):
                print(one.text, *(f"  {part}" for part in one.advice), sep="\n")
        return
    before, _, rest = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{tables()}\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    main(sys.argv[1:])
