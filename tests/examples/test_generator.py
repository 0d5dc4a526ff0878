"""The generator of SDKs refuses what it cannot do, before it writes anything."""

from __future__ import annotations

import json
import subprocess

import pytest

from localcloud.progress import Silent
from localcloud.tools import languages
from tests.examples import building


def generate(language, schema, target):
    command = [languages.ensure(Silent()) / languages.GENERATOR, language, schema, target]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("language", ["dotnet", "go", "java", "nodejs", "python"])
def test_every_language_gets_an_sdk_with_the_component(language, tmp_path):
    done = generate(language, building.SCHEMA, tmp_path)
    assert done.returncode == 0, done.stderr
    sources = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any("bluegreen:aws:EcsService" in path.read_text(errors="replace") for path in sources)


def test_a_language_that_is_none_is_refused_by_name(tmp_path):
    done = generate("cobol", building.SCHEMA, tmp_path / "sdk")
    assert done.returncode == 1
    assert '"cobol" is not a language: allowed are dotnet, go, java, nodejs, python' in done.stderr
    assert not (tmp_path / "sdk").exists()


def test_a_schema_that_is_wrong_is_refused(tmp_path):
    schema = json.loads(building.SCHEMA.read_text())
    schema["resources"]["bluegreen:aws:EcsService"]["inputProperties"]["vpcId"] = {"type": "text"}
    wrong = tmp_path / "schema.json"
    wrong.write_text(json.dumps(schema))
    done = generate("python", wrong, tmp_path / "sdk")
    assert done.returncode == 1
    assert "bluegreen:aws:EcsService/inputProperties/vpcId/type: unknown type kind text" in done.stderr
    assert not (tmp_path / "sdk").exists()
