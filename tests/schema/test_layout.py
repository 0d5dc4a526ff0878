"""Files as their tools see them: the order, the ways back, where the applied ones end."""

from __future__ import annotations

import pytest

from bluegreen.schema.layout import (
    UnknownVersion,
    as_flyway,
    in_order,
    is_named,
    other_language,
    split,
    without_ways_back,
)


def order(names, text=""):
    return in_order(reversed(names), lambda path: text)


@pytest.mark.parametrize(
    "names",
    [
        ["1_a.sql", "2_b.sql", "10_c.sql"],
        ["m/2/up.sql", "m/10/up.sql"],
        ["V1__a.sql", "V1_1__b.sql", "V1.2__c.sql", "V2__d.sql", "V2_1__e.sql", "V10__f.sql", "R__a.sql", "R__b.sql"],
        ["sql/b/V1__x.sql", "sql/a/V2__y.sql"],
        ["20240131_a/migration.sql", "20240201_b/migration.sql"],
    ],
)
def test_files_are_in_the_order_of_their_tool(names):
    assert order(names) == names


@pytest.mark.parametrize("text", ["-- migrate:up\nSELECT 1;", "--liquibase formatted sql\n--changeset a:1\nSELECT 1;"])
def test_some_tools_read_names_as_texts(text):
    assert order(["10_b.sql", "2_a.sql"], text) == ["10_b.sql", "2_a.sql"]


def test_flyway_reads_all_its_places_as_one():
    assert as_flyway(["b/V2__b.sql", "a/V1__a.sql"]) == ["a/V1__a.sql", "b/V2__b.sql"]
    assert as_flyway(["b/2.sql", "a/1.sql"]) == ["b/2.sql", "a/1.sql"]


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (["8_lid.down.sql", "8_lid.up.sql"], ["8_lid.up.sql"]),
        (["8_lid.sql", "8_lid.down.sql"], ["8_lid.sql"]),
        (["8_lid_up.sql", "8_lid_down.sql"], ["8_lid_up.sql"]),
        (["8-lid.sql", "8-lid.rollback.sql", "8-lid.undo.sql"], ["8-lid.sql"]),
        (["1/up.sql", "1/down.sql"], ["1/up.sql"]),
        (["1/migration.sql", "1/down.sql"], ["1/migration.sql"]),
        (["V1__a.sql", "U1__a.sql", "B1__all.sql", "R__v.sql"], ["V1__a.sql", "R__v.sql"]),
        (["deploy/a.sql", "revert/a.sql", "verify/a.sql"], ["deploy/a.sql"]),
        (["down/a.sql", "up/a.sql", "down/b.sql"], ["up/a.sql", "down/b.sql"]),
        # Alone they are what is looked at.
        (["8_lid.down.sql"], ["8_lid.down.sql"]),
        (["9_other.up.sql", "8_lid.down.sql"], ["9_other.up.sql", "8_lid.down.sql"]),
        (["1/down.sql", "2/up.sql"], ["1/down.sql", "2/up.sql"]),
        (["U1__a.sql"], ["U1__a.sql"]),
        (["1_countdown.sql", "1_count.sql"], ["1_countdown.sql", "1_count.sql"]),
    ],
)
def test_a_way_back_beside_its_way_there_is_no_migration(names, kept):
    assert without_ways_back(names) == kept


@pytest.mark.parametrize(
    ("names", "until", "pending"),
    [
        (["m/0001_a.sql", "m/0002_b.sql", "m/0003_c.sql"], "2", ["m/0003_c.sql"]),
        (["m/0001_a.sql", "m/0002_b.sql", "m/0003_c.sql"], "0002", ["m/0003_c.sql"]),
        (["m/0001_a.sql", "m/0002_b.sql"], "0001_a", ["m/0002_b.sql"]),
        (["m/0001_a.sql", "m/0002_b.sql"], "m/0001_a.sql", ["m/0002_b.sql"]),
        (["1_a.up.sql", "2_b.up.sql"], "1", ["2_b.up.sql"]),
        (["1_a.up.sql", "2_b.up.sql"], "2_b", []),
        (["V2__a.sql", "V2_1__b.sql", "V3__c.sql", "R__v.sql"], "2.1", ["V3__c.sql", "R__v.sql"]),
        (["V2__a.sql", "V2_1__b.sql"], "2", ["V2_1__b.sql"]),
        (["20240131_a/migration.sql", "20240201_b/migration.sql"], "20240131_a", ["20240201_b/migration.sql"]),
        (
            ["2024-01-31-120000_a/up.sql", "2024-02-01-120000_b/up.sql"],
            "20240131120000",
            ["2024-02-01-120000_b/up.sql"],
        ),
        (["1975ea83b712_a.sql", "ae1027a6acf0_b.sql"], "1975ea83b712", ["ae1027a6acf0_b.sql"]),
    ],
)
def test_a_version_a_name_or_a_path_says_where_the_applied_end(names, until, pending):
    assert split(names, until) == ([name for name in names if name not in pending], pending)


@pytest.mark.parametrize(
    ("names", "until"), [(["1_a.sql"], "7"), (["a/1_x.sql", "b/1_y.sql"], "1"), ([], "1"), (["1_a.sql"], "a")]
)
def test_what_is_not_exactly_one_file_is_no_end(names, until):
    with pytest.raises(UnknownVersion, match=until):
        split(names, until)


def test_a_record_means_a_file_by_its_name():
    assert is_named("m/0002_b.sql", "2")
    assert not is_named("m/0002_b.sql", "3")


def test_what_is_written_in_another_language():
    assert "update-sql" in str(other_language("db/changelog.xml"))
    assert other_language("db/1.sql") is None
