"""The present schema as the databases' own programs write it."""

from __future__ import annotations

import pytest

from tests.schema.cases import changes

POSTGRES = """
\\restrict 2qhruE8EhmUqbWScmdIX0

SET statement_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);

CREATE SCHEMA app;
ALTER SCHEMA app OWNER TO owner;

CREATE FUNCTION public.f(a integer) RETURNS integer
    LANGUAGE sql
    AS $$ SELECT 1 $$;
ALTER FUNCTION public.f(a integer) OWNER TO owner;

SET default_tablespace = '';

CREATE TABLE public.users (
    id integer NOT NULL,
    email character varying(50) NOT NULL,
    age smallint DEFAULT 3,
    CONSTRAINT users_age_check CHECK ((age > 0))
);
ALTER TABLE public.users OWNER TO owner;

CREATE SEQUENCE public.users_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER TABLE public.users_id_seq OWNER TO owner;
ALTER SEQUENCE public.users_id_seq OWNED BY public.users.id;
ALTER TABLE ONLY public.users ALTER COLUMN id SET DEFAULT nextval('public.users_id_seq'::regclass);

CREATE TABLE public.orders (
    id bigint NOT NULL,
    user_id integer NOT NULL
);
ALTER TABLE public.orders ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.orders_id_seq
    START WITH 1
);

COPY public.users (id, email, age) FROM stdin;
1\tann@example.org\t3
2\tb;c ' "\t\\N
\\.

SELECT pg_catalog.setval('public.users_id_seq', 2, true);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_email_key UNIQUE (email);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);
CREATE INDEX two ON public.orders USING btree (user_id);
ALTER TABLE ONLY public.orders
    ADD CONSTRAINT orders_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);
ALTER TABLE public.users ENABLE ROW LEVEL SECURITY;

\\unrestrict 2qhruE8EhmUqbWScmdIX0
"""
MYSQL = """
/*M!999999\\- enable the sandbox mode */
/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;
DROP TABLE IF EXISTS `users`;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `users` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `email` varchar(50) NOT NULL,
  `age` smallint(6) DEFAULT 3,
  PRIMARY KEY (`id`),
  UNIQUE KEY `email` (`email`),
  KEY `two` (`age`)
) ENGINE=InnoDB AUTO_INCREMENT=3 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
LOCK TABLES `users` WRITE;
/*!40000 ALTER TABLE `users` DISABLE KEYS */;
INSERT INTO `users` VALUES
(1,'a',3),
(2,'b;c',4);
/*!40000 ALTER TABLE `users` ENABLE KEYS */;
UNLOCK TABLES;
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER t BEFORE INSERT ON users FOR EACH ROW
BEGIN
  SET NEW.age = 4;
END */;;
DELIMITER ;
"""


@pytest.mark.parametrize(
    ("dialect", "applied", "sql"),
    [
        ("postgres", POSTGRES, "ALTER TABLE users ALTER age TYPE int; ALTER TABLE orders ALTER user_id TYPE bigint"),
        ("postgres", POSTGRES, "ALTER TABLE users ALTER email SET NOT NULL; ALTER TABLE users ALTER id SET NOT NULL"),
        ("postgres", POSTGRES, "DROP INDEX two; ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey"),
        ("postgres", POSTGRES, "ALTER TABLE users ADD COLUMN IF NOT EXISTS c int; ALTER TABLE users DROP COLUMN c"),
        ("mysql", MYSQL, "ALTER TABLE users MODIFY email varchar(60) NOT NULL; ALTER TABLE users DROP INDEX two"),
    ],
)
def test_it_is_known_in_full(dialect, applied, sql):
    assert changes(sql, dialect, applied=applied) == []


@pytest.mark.parametrize(
    ("dialect", "applied", "sql", "says"),
    [
        ("postgres", POSTGRES, "ALTER TABLE users DROP CONSTRAINT users_email_key", "drop unique"),
        ("postgres", POSTGRES, "ALTER TABLE users ALTER id DROP DEFAULT", "drop default of users.id"),
        ("postgres", POSTGRES, "CREATE TABLE users (id int)", "exists already"),
        ("mysql", MYSQL, "ALTER TABLE users MODIFY id bigint NOT NULL", "drop default of users.id"),
        ("mysql", MYSQL, "ALTER TABLE users DROP INDEX email", "drop unique email"),
        ("mysql", MYSQL, "ALTER TABLE users MODIFY email varchar(40) NOT NULL", "from VARCHAR(50) to VARCHAR(40)"),
    ],
)
def test_what_it_says_is_protected(dialect, applied, sql, says):
    assert any(says in change for change in changes(sql, dialect, applied=applied))


def test_copied_rows_hide_nothing():
    assert changes("COPY t FROM stdin;\n1\tDROP TABLE a;\n\\.\nDROP TABLE users;") == ["drop table users"]
    assert changes("COPY t FROM '/file';\nDROP TABLE users;\n") == ["drop table users"]
    assert changes("COPY t FROM stdin;\n1\nDROP TABLE users;\n")
