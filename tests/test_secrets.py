"""Secrets are references in every input, and ``***`` in every text."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluegreen import secrets
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.rollout.errors import GateUnavailable
from bluegreen.secret_names import sounds_secret
from bluegreen.secrets import SecretRef, parse_url, redact, resolve_url, shown_url

VALUE = "hunter2-correct-horse"


def parse(section):
    fields = Fields({"secret": section}, "gates[0]")
    return SecretRef.parse(fields.section("secret", None)), fields.problems


def test_a_reference_is_read_when_it_is_asked_for(monkeypatch, tmp_path):
    (tmp_path / "key").write_text(f"  {VALUE}\n")
    monkeypatch.setenv("SOME_KEY", f"{VALUE}\n")
    by_env, problems = parse({"env": "SOME_KEY"})
    by_file, more = parse({"file": str(tmp_path / "key")})
    assert not problems + more
    assert by_env.value() == by_file.value() == VALUE
    assert (str(by_env), str(by_file)) == ("env SOME_KEY", f"file {tmp_path / 'key'}")
    assert VALUE not in repr(by_env) + repr(by_file)


def test_absent_and_not_known_yet_are_no_problem():
    assert parse(None) == parse(UNKNOWN) == parse({"env": UNKNOWN}) == (None, [])
    assert SecretRef.parse(None) is None


@pytest.mark.parametrize(
    "section",
    [
        VALUE,
        [VALUE],
        7,
        {},
        {"env": VALUE},  # no variable has such a name: somebody put the value there
        {"env": ""},
        {"env": 1, "file": VALUE},
        {"env": "A", "file": VALUE},
        {"env": "A", "value": VALUE},
        {"value": VALUE},
        {VALUE: "env"},
    ],
)
def test_what_is_no_reference_is_refused_and_not_echoed(section):
    found, problems = parse(section)
    assert found is None
    assert [problem.field for problem in problems] == ["gates[0].secret"]
    assert 'a reference: {"env": NAME} or {"file": PATH}, never the value' in str(problems[0])
    assert "<hidden>" in str(problems[0])
    assert VALUE not in str(problems) + repr(problems)


def test_a_refusal_leaves_the_problems_of_others_alone():
    fields = Fields({"secret": VALUE, "secret_two": 1})
    fields.text("secret_two")
    SecretRef.parse(fields.section("secret"))
    assert [problem.field for problem in fields.problems] == ["secret_two", "secret"]


def test_a_missing_secret_is_named_by_its_reference(monkeypatch, tmp_path):
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    monkeypatch.setenv("EMPTY_KEY", " \n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for reference in (
        SecretRef(env="NO_SUCH_KEY"),
        SecretRef(env="EMPTY_KEY"),
        SecretRef(file=str(tmp_path / "none")),
        SecretRef(file=str(tmp_path)),
        SecretRef(file=str(tmp_path / "binary")),
        SecretRef(file="a\0b"),
        SecretRef(),
    ):
        with pytest.raises(GateUnavailable) as raised:
            reference.value()
        assert str(reference) in str(raised.value)


def test_what_was_handed_out_is_redacted_in_every_form(monkeypatch):
    monkeypatch.setenv("HOOK", 'a/b "c" d+e')
    assert redact('a/b "c" d+e') == 'a/b "c" d+e'
    SecretRef(env="HOOK").value()
    assert redact('x a/b "c" d+e y') == "x *** y"
    assert redact(json.dumps({"k": 'a/b "c" d+e'})) == '{"k": "***"}'
    assert redact("http://x/?t=a%2Fb%20%22c%22%20d%2Be") == "http://x/?t=***"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgres://app:pw@db:5432/orders", "postgres://***@db:5432/orders"),
        ("at http://:pw@host/x and amqp://a:b@d/", "at http://***@host/x and amqp://***@d/"),
        ("http://host:8080/a@b", "http://host:8080/a@b"),
        ("mailto:somebody@example.org", "mailto:somebody@example.org"),
    ],
)
def test_who_an_address_is_for_is_redacted(text, shown):
    assert redact(text) == shown


@pytest.mark.parametrize(
    ("header", "hidden"),
    [
        ("Authorization", True),
        ("X-Api-Key", True),
        ("Cookie", True),
        ("X-Auth-Request", True),
        ("X-Gitlab-Token", True),
        ("Accept", False),
        ("X-Bluegreen-Color", False),
    ],
)
def test_headers_that_let_somebody_in_are_redacted(header, hidden):
    value = f"Bearer value-of-{header}"
    secrets.remember_headers({header: value})
    assert (value.partition(" ")[2] in redact(f"{value} and {value.partition(' ')[2]}")) is not hidden


def test_a_secret_in_a_variable_is_redacted_in_every_form(monkeypatch):
    monkeypatch.setenv("DB_PASSWORD", 'p&ss "word"')
    for form in ("p%26ss%20%22word%22", json.dumps('p&ss "word"')[1:-1], "cCZzcyAid29yZCI"):
        assert redact(f"<{form}>") == "<***>"


def test_variables_are_looked_through_once_and_again_when_one_is_another(monkeypatch):
    looked = []
    monkeypatch.setattr(secrets, "sounds_secret", lambda name: looked.append(name) or sounds_secret(name))
    monkeypatch.setenv("DB_PASSWORD", "first-of-them")
    assert redact("first-of-them, second-of-them") == "***, second-of-them"
    looked.clear()
    assert redact("first-of-them, second-of-them") == "***, second-of-them"
    assert looked == []
    monkeypatch.setenv("DB_PASSWORD", "second-of-them")
    assert redact("first-of-them, second-of-them") == "first-of-them, ***"
    monkeypatch.setenv("API_TOKEN", "first-of-them")
    assert redact("first-of-them, second-of-them") == "***, ***"
    secrets.remember("of three")
    assert redact("second-of-them of three") == "*** ***"
    monkeypatch.delenv("DB_PASSWORD")
    assert redact("second-of-them") == "second-of-them"


def test_variables_are_looked_through_where_they_are_kept_in_another_way(monkeypatch):
    monkeypatch.setattr(secrets.os, "environ", {"DB_PASSWORD": "first-of-them"})
    assert redact("first-of-them") == "***"
    secrets.os.environ["DB_PASSWORD"] = "second-of-them"
    assert redact("second-of-them") == "***"


def test_lines_of_a_secret_of_many_lines_are_redacted_alone():
    secrets.remember("-----BEGIN-----\nabcdefghijkl\n-----END-----")
    assert redact("it says abcdefghijkl") == "it says ***"


def test_the_longest_goes_first_and_short_ones_are_left(monkeypatch):
    secrets.remember("abcdef")
    secrets.remember("abcdefghi")
    secrets.remember("xyz")
    secrets.remember("not\udce9 utf-8")
    assert redact("abcdefghi abcdef xyz") == "*** *** xyz"


@pytest.mark.parametrize(
    ("name", "value", "hidden"),
    [
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI", True),
        ("PULUMI_CONFIG_PASSPHRASE", "hunter2", True),
        ("PULUMI_CONFIG_PASSPHRASE", "test", False),  # what local clouds stand in with
        ("MY_API_KEY", "0123456789", True),
        ("my_apikey", "0123456789", True),
        ("GITHUB_TOKEN", "0123456789", True),
        ("DB_PASSWORD", "0123456", False),
        ("SOMETHING_ELSE", "0123456789", False),
    ],
)
def test_secret_looking_variables(monkeypatch, name, value, hidden):
    monkeypatch.setenv(name, value)
    assert redact(f"<{value}>") == ("<***>" if hidden else f"<{value}>")


@given(st.lists(st.text(min_size=4), max_size=5), st.text())
def test_no_remembered_value_is_left(values, text):
    for value in values:
        secrets.remember(value)
    shown = redact(text + "".join(values))
    assert all(value not in shown for value in values if "*" not in value)


def test_many_threads_may_redact_and_remember():
    def leaks(number):
        secrets.remember(f"value-{number}-of-many")
        return f"value-{number}-of-many" in redact(f"value-{number}-of-many")

    with ThreadPoolExecutor(8) as pool:
        assert not any(pool.map(leaks, range(400)))


def url(value, **options):
    fields = Fields({} if value is None else {"url": value}, "gates[0]")
    return parse_url(fields, "url", **options), fields.problems


@pytest.mark.parametrize("given_url", ["https://ci.example.com/hook?a=b", "http://127.0.0.1:8080", "http://[::1]:80/"])
def test_a_plain_url(given_url):
    assert url(given_url) == (given_url, [])
    assert resolve_url(given_url) == given_url


@pytest.mark.parametrize(
    "given_url",
    [
        f"https://user:{VALUE}@ci.example.com/",
        f"https://{VALUE}@ci.example.com/",
        f"ftp://ci.example.com/{VALUE}",
        f"{VALUE}",
        f"https:///{VALUE}",
        f"https://ci.example.com:99999/{VALUE}",
        f"https://ci.example.com/\r\n{VALUE}",
        f"https://[{VALUE}",
        f"https://hooks.slack.com/services/{VALUE}",
        f"https://acme.webhook.office.com/{VALUE}",
        "",
        7,
        {"env": VALUE},
    ],
)
def test_urls_that_are_refused_are_not_echoed(given_url):
    found, problems = url(given_url)
    assert found is UNKNOWN
    assert len(problems) == 1
    assert problems[0].field == "gates[0].url"
    assert VALUE not in str(problems[0])


def test_absent_and_unknown_urls():
    assert "required" in str(url(None)[1][0])
    assert url(None, required=False) == (None, [])
    assert url(UNKNOWN) == url({"env": UNKNOWN}) == (UNKNOWN, [])


def test_a_url_by_reference_is_a_secret(monkeypatch):
    reference, problems = url({"env": "HOOK"})
    assert not problems
    monkeypatch.setenv("HOOK", "https://hooks.slack.com/services/T0/B0/abcdef\n")
    assert resolve_url(reference) == "https://hooks.slack.com/services/T0/B0/abcdef"
    assert redact("POST https://hooks.slack.com/services/T0/B0/abcdef") == "POST ***"
    assert redact("POST /services/T0/B0/abcdef 404") == "POST *** 404"


def test_a_reference_to_something_else_than_a_url(monkeypatch):
    monkeypatch.setenv("HOOK", VALUE)
    with pytest.raises(GateUnavailable, match="env HOOK") as raised:
        resolve_url(SecretRef(env="HOOK"))
    assert VALUE not in str(raised.value)


@pytest.mark.parametrize(
    ("given_url", "shown"),
    [
        ("https://ci.example.com/hook?token=abc", "ci.example.com"),
        ("http://127.0.0.1:8080/x", "127.0.0.1:8080"),
        ("http://[::1]:81/x", "[::1]:81"),
        (SecretRef(env="HOOK"), "(env HOOK)"),
        (UNKNOWN, ""),
        ("nonsense", ""),
    ],
)
def test_how_a_url_is_shown(given_url, shown):
    assert shown_url(given_url) == shown


@pytest.mark.parametrize("name", ["password", "api_key", "clientSecret", "access_token"])
def test_a_field_that_there_is_not_and_that_is_called_as_a_secret_is_refused_without_its_value(name):
    fields = Fields({name: "hunter2", "colour": "blue"}, "router.ssh")
    fields.text("host", None)
    fields.done()
    first, second = map(str, fields.problems)
    assert first.startswith(f"router.ssh.{name}: '<hidden>' is not allowed; allowed: no such field")
    assert "'blue'" in second
