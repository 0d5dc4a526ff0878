"""The way back in the same file, and what only a tool reads."""

from __future__ import annotations

import pytest

from tests.schema.cases import PRESENT, changes

# Of each tool: what stands before the way there, and before the way back.
BOTH = {
    "goose": ("-- +goose Up", "-- +goose Down"),
    "goose, indented": ("  -- +goose Up", "\t-- +goose Down"),
    "goose, statements": ("-- +goose Up\n-- +goose StatementBegin", "-- +goose StatementEnd\n-- +goose Down"),
    "sql-migrate": ("-- +migrate Up", "-- +migrate Down notransaction"),
    "dbmate": ("-- migrate:up transaction:false", "-- migrate:down"),
    "node-pg-migrate": ("-- Up Migration", "-- Down Migration"),
    "tern": ("", "---- create above / drop below ----"),
    "Play": ("# --- !Ups", "# --- !Downs"),
    "Play, as SQL": ("-- !Ups", "-- !Downs"),
    "MyBatis": ("-- // first", "-- //@UNDO"),
    "rambler": ("-- rambler up", "-- rambler down"),
    "shmig": ("-- ==== UP ====", "-- ==== DOWN ===="),
}


@pytest.mark.parametrize(("there", "back"), BOTH.values(), ids=BOTH)
def test_the_way_back_is_not_judged_and_the_way_there_is(there, back):
    assert changes(f"{there}\nCREATE TABLE a (id int);\n{back}\nDROP TABLE users;") == []
    assert changes(f"{there}\nDROP TABLE users;\n{back}\nCREATE TABLE users (id int);") == ["drop table users"]


@pytest.mark.parametrize(
    "sql",
    [
        "-- +goose Down\nDROP TABLE users;",  # which no tool takes for a way back without a way there
        "-- migrate:down\nDROP TABLE users;",
        "-- step down\nDROP TABLE users;",
        "-- Down\nDROP TABLE users;",
        "SELECT '-- migrate:up';\n-- migrate:down later\nDROP TABLE users;",
        "-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;\n-- migrate:up\nDROP TABLE users;",
    ],
)
def test_what_only_looks_like_a_way_back_is_judged(sql):
    assert changes(sql) == ["drop table users"]


@pytest.mark.parametrize(
    ("dialect", "sql"),
    [
        ("postgres", 'CREATE TABLE "a" ("id" int);\n--> statement-breakpoint\nALTER TABLE "a" ADD "b" int;'),
        ("mysql", "CREATE TABLE `a` (`id` int);\n--> statement-breakpoint\nALTER TABLE `a` ADD `b` int;"),
        ("mysql", "CREATE TABLE `a` (`id` int)--> statement-breakpoint\nALTER TABLE `users` ADD `b` int"),
        ("sqlite", "CREATE TABLE `a` (`id` int);--> statement-breakpoint\nALTER TABLE `a` ADD `b` int;"),
        (
            "mysql",
            "--liquibase formatted sql\n\n--changeset ann:1\nALTER TABLE users ADD b int;\n--rollback DROP TABLE a;",
        ),
        ("postgres", "--liquibase formatted sql\n--changeset ann:1 endDelimiter:/\nALTER TABLE users ADD b int\n/\n"),
        ("mysql", "DELIMITER //\nCREATE PROCEDURE p()\nBEGIN\n  SELECT 1;\n  SELECT 2;\nEND//\nDELIMITER ;\nSELECT 1;"),
        ("mysql", "DELIMITER $$\nCREATE TABLE a (id int)$$\nDELIMITER ;\nALTER TABLE users ADD b int;"),
        ("postgres", 'CREATE EXTENSION "uuid-ossp"; CREATE EXTENSION IF NOT EXISTS "uuid-ossp" WITH SCHEMA public;'),
        ("postgres", "SELECT '{{1,2},{3,4}}'::int[]; INSERT INTO orders (id) VALUES (1) -- ${not} a {{template}}"),
    ],
)
def test_what_only_a_tool_reads_is_no_obstacle(dialect, sql):
    assert changes(sql, dialect, applied=PRESENT) == []


def test_a_breakpoint_hides_nothing():
    assert changes("SELECT 1;--> statement-breakpoint\nDROP TABLE users", "mysql") == ["drop table users"]
    assert changes("DELIMITER //\nSELECT 1//\nDROP TABLE users//\nDELIMITER ;", "mysql") == ["drop table users"]
    assert changes("--changeset a:1 endDelimiter:/\nSELECT 1\n/\nDROP TABLE users\n/") == ["drop table users"]


@pytest.mark.parametrize("dialect", ["postgres", "tsql", "mysql"])
@pytest.mark.parametrize(
    "sql",
    [
        "IF 1 = 1\nALTER TABLE a ADD b int\n" * 1_500,
        "IF 1 = 1 BEGIN " * 2_000,
        "CREATE TRIGGER t BEGIN " * 2_000,
        "DO $$ BEGIN " + "IF a " * 5_000 + " END $$",
        "GRANT a ON " + "a, " * 5_000,
        "COPY a FROM stdin;\n" * 3_000,
        "$a$ " * 5_000,
    ],
)
def test_there_is_always_an_answer(sql, dialect):
    assert "drop table users" in changes("DROP TABLE users;\n" + sql, dialect) or changes(sql, dialect)
