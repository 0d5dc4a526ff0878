"""The tools' tables on real servers: the question is the same, and nothing is written."""

from __future__ import annotations

import pytest

from bluegreen.rollout.errors import GateUnavailable
from bluegreen.schema.database import asking
from bluegreen.schema.history import find
from localcloud.progress import Silent
from localcloud.tools import system
from tests.schema.differential.servers import SERVERS


@pytest.mark.parametrize("name", ["postgres", "mariadb"])
def test_a_table_is_found_and_read(name):
    system.ensure(tuple(system.DATABASES), Silent())
    with SERVERS[name]() as server:
        server.place("app")
        session = server.session()
        quote = '"' if name == "postgres" else "`"
        session.run(f"CREATE TABLE {quote}__EFMigrationsHistory{quote} ({quote}MigrationId{quote} varchar(50))")
        session.run(f"INSERT INTO {quote}__EFMigrationsHistory{quote} VALUES ('20240101_A')")
        with asking(server.url()) as ask:
            record = find(ask)
            assert (record.table, record.rows) == ("__EFMigrationsHistory", [{"name": "20240101_A"}])
        with pytest.raises(GateUnavailable, match=r"(?i)read.only"), asking(server.url()) as ask:
            ask("CREATE TABLE t (id int)")
        with asking(server.url()) as ask:
            assert ask("SELECT 1 AS one") == [{"one": 1}]
            assert ask("SELECT 1 FROM nowhere") is None
