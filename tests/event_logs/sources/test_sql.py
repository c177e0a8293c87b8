"""Reading from databases: a real PostgreSQL and SQLite; nothing is changed there, and no password is written down."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import keyring
import pytest
import sqlalchemy as sa
from keyring.backend import KeyringBackend
from postgres_server import PASSWORD, Server
from sqlalchemy.dialects import mssql, oracle

from event_logs.errors import InputError, Problem
from event_logs.sources import Source, TextTable, read_source
from event_logs.sources.sql import _statement

HERE = Path()
KEY = "PERMANENCE_DB_PASSWORD"


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    """The password stands in the environment, as the project file says."""
    monkeypatch.setenv(KEY, PASSWORD)


def read(server: Server, **keys: Any) -> TextTable:
    return read_source(Source(**{"url": server.url, "password_from": f"env:{KEY}"} | keys), HERE)


def refusal(server: Server, **keys: Any) -> Problem:
    with pytest.raises(InputError) as caught:
        read(server, **keys)
    (problem,) = caught.value.problems
    assert problem.file
    assert problem.remedy
    assert PASSWORD not in str(problem)
    return problem


def test_every_type_becomes_text_that_says_neither_more_nor_less(postgresql: Server) -> None:
    table = read(postgresql, table="children")
    assert table.columns == ["child_id", "Swift No", "born", "seen", "moved", "cost", "share", "open", "note"]
    first, second, third = table.cells.to_numpy().tolist()
    assert first[:4] == ["00123", "9007199254740993", "2016-02-29", "2024-03-31"]
    assert first[5:] == ["1234.50", "0.1", "TRUE", "Zoë"]
    assert first[4].startswith(("2024-06-30 23:00:00+00", "2024-07-01 00:00:00+01"))
    assert second == ["NA", "", "", "2024-03-31 10:30:00", "", "", "", "FALSE", ""]
    assert third == ["003", "7", "1900-01-01", "", "", "0.00", "1", "", "a,b\nc"]
    assert table.line.tolist() == [1, 2, 3]
    assert (table.fields == 9).all()
    assert table.found == ("read from the database 'records', and nothing was changed there",)


def test_a_long_result_comes_whole_and_shows_progress(postgresql: Server) -> None:
    seen: list[int] = []
    source = Source(url=postgresql.url, password_from=f"env:{KEY}", query="SELECT * FROM social.placements ORDER BY id")
    table = read_source(source, HERE, seen.append)
    assert table.cells["id"].tolist() == [str(number) for number in range(1, 20_001)]
    assert seen[-1] == 20_000
    assert len(seen) > 1


def test_names_and_values_are_data(postgresql: Server) -> None:
    odd = 'odd"; DROP TABLE children; --'
    assert read(postgresql, table=odd).cells['a "b" c'].tolist() == ["kept"]
    assert "refuses the query" in refusal(postgresql, table='children"; DROP TABLE children; --').problem
    assert "refuses the query" in refusal(postgresql, table="children", where={'1=1 OR "x': "1"}).problem
    picked = read(postgresql, table="social.placements", where={"team": "O'Brien; --"})
    assert len(picked) == 10_000
    query = "SELECT count(*) AS n FROM social.placements WHERE team = :team"
    assert read(postgresql, query=query, parameters={"team": "O'Brien; --"}).cells["n"].tolist() == ["10000"]
    assert read(postgresql, query=query, parameters={"team": "' OR '1'='1"}).cells["n"].tolist() == ["0"]
    assert postgresql.asked("SELECT count(*) FROM children") == "3"


@pytest.mark.parametrize(
    "query",
    [
        "DROP TABLE children",
        "SELECT 1; DROP TABLE children",
        "SELECT 1; COMMIT; BEGIN READ WRITE; DELETE FROM children; COMMIT",
        "/* SELECT */ DELETE FROM children",
        "-- SELECT\nDELETE FROM children",
        "SELECT $a$;$a$; DROP TABLE children",
        "",
        " ; ",
    ],
)
def test_what_is_not_a_single_select_never_reaches_the_database(postgresql: Server, query: str) -> None:
    if query:
        assert "not a single SELECT" in refusal(postgresql, query=query).problem
    else:
        with pytest.raises(ValueError, match=r"`query` or `table`|at least 1|exactly one"):
            Source(url=postgresql.url, query=None)
    assert postgresql.asked("SELECT count(*) FROM children") == "3"


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("WITH gone AS (DELETE FROM children RETURNING child_id) SELECT * FROM gone", "data-modifying statements"),
        ("SELECT nextval('counter') AS n", "read-only transaction"),
        ("SELECT 1 AS n INTO copy FROM children", "SELECT ... INTO is not allowed"),
        ("SELECT set_config('transaction_read_only', 'off', false) AS n, nextval('counter') AS m", "read-write mode"),
    ],
)
def test_a_select_that_would_change_something_is_refused(postgresql: Server, query: str, says: str) -> None:
    assert says in refusal(postgresql, query=query).problem
    assert postgresql.asked("SELECT count(*) FROM children") == "3"
    assert postgresql.asked("SELECT is_called FROM counter") == "f"


def test_whatever_a_select_did_is_rolled_back(postgresql: Server) -> None:
    # PostgreSQL before version 16 lets even a read-only transaction make large objects.
    with suppress(InputError):
        read(postgresql, query="SELECT lo_create(4242) AS n")
    assert postgresql.asked("SELECT count(*) FROM pg_largeobject_metadata") == "0"


def test_colons_percent_signs_and_semicolons_in_a_query_stand_for_themselves(postgresql: Server) -> None:
    query = "SELECT '10:30;' || '100 %s' AS a, '2020-01-01'::date AS b, 7 % 4 AS c -- :not a parameter; %\n;"
    table = read(postgresql, query=query)
    assert table.cells.to_numpy().tolist() == [["10:30;100 %s", "2020-01-01", "3"]]


def test_what_the_database_objects_to_is_told_without_values(postgresql: Server) -> None:
    problem = refusal(postgresql, query="SELECT nothing FROM children")
    assert problem.place == "query"
    assert 'column "nothing" does not exist' in problem.problem
    data = refusal(postgresql, query="SELECT note::int AS n FROM children")
    assert "Zoë" not in str(data)
    assert "cannot convert" in data.problem
    assert "stands twice" in refusal(postgresql, query="SELECT 1 AS n, 2 AS n").problem
    assert "no records" in refusal(postgresql, query="SELECT child_id FROM children WHERE false").problem
    assert len(read(postgresql, query="SELECT child_id FROM children WHERE false", may_be_empty=True)) == 0


def test_wrong_password_and_unreachable_server(postgresql: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "wrong-horse-battery")
    problem = refusal(postgresql, table="children")
    assert problem.place == "url"
    assert "password authentication failed" in problem.problem
    assert "wrong-horse" not in str(problem)
    away = refusal(postgresql, table="children", url=f"postgresql://owner@/records?host={postgresql.folder}/none")
    assert "the database cannot be read" in away.problem


def test_a_password_that_is_not_there(postgresql: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY)
    problem = refusal(postgresql, table="children")
    assert f"the environment variable {KEY} is not set" in problem.problem


class OneEntry(KeyringBackend):
    """A keyring with one entry, in memory."""

    priority = 1  # type: ignore[assignment]

    def get_password(self, service: str, username: str) -> str | None:
        return PASSWORD if (service, username) == ("permanence", "owner") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError

    def delete_password(self, service: str, username: str) -> None:
        raise NotImplementedError


@pytest.fixture
def entry() -> Iterator[None]:
    """The keyring holds the owner's password."""
    before = keyring.get_keyring()
    keyring.set_keyring(OneEntry())
    yield
    keyring.set_keyring(before)


@pytest.mark.usefixtures("entry")
def test_a_password_from_the_keyring(postgresql: Server) -> None:
    assert len(read(postgresql, table="children", password_from="keyring:permanence")) == 3
    problem = refusal(postgresql, table="children", password_from="keyring:other")
    assert "the keyring has no password for the service 'other'" in problem.problem
    assert "keyring set other owner" in problem.remedy


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://reader:hunter2@server/records",
        "postgresql://reader@server/records?password=hunter2",
        "mssql://server/records?PWD=hunter2",
        "mssql+pyodbc:///?odbc_connect=DRIVER%3Dx%3BUID%3Dme%3BPWD%3Dhunter2",
        "oracle://reader:hunter2@server/?service_name=records",
    ],
)
def test_a_password_in_the_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(InputError) as caught:
        read_source(Source(url=url, table="children"), HERE)
    assert "a password stands in the project file" in str(caught.value)
    assert 'password_from = "env:PERMANENCE_DB_PASSWORD"' in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", ["nonsense", "mysql://server/records", "file:///etc/passwd"])
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(InputError, match="database"):
        read_source(Source(url=url, table="children"), HERE)


def test_sqlite_of_the_project_folder_is_opened_for_reading_only(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "records.db") as made:
        made.execute("CREATE TABLE children (child_id TEXT, n INTEGER)")
        made.execute("INSERT INTO children VALUES ('001', 5)")
    made.close()
    source = Source(url="sqlite:///records.db", table="children")
    assert read_source(source, tmp_path).cells.to_numpy().tolist() == [["001", "5"]]
    with pytest.raises(InputError, match="the database cannot be read"):
        read_source(Source(url="sqlite:///none.db", table="children"), tmp_path)
    assert not (tmp_path / "none.db").exists()
    query = "WITH x AS (SELECT 1) INSERT INTO children SELECT 'x', 1 FROM x"
    with pytest.raises(InputError, match="readonly"):
        read_source(Source(url="sqlite:///records.db", query=query), tmp_path)


def test_sql_server_and_oracle_get_names_quoted_and_values_bound() -> None:
    spec = Source(url="mssql://server/records", table="dbo.Case]; DROP TABLE x --", where={"Team": "North' --"})
    statement = _statement(spec)
    for_server = statement.compile(dialect=mssql.dialect())
    assert "[dbo].[Case]]; DROP TABLE x --]" in str(for_server)
    assert "North" not in str(for_server)
    for_oracle = statement.compile(dialect=oracle.dialect())
    assert '"dbo"."Case]; DROP TABLE x --"' in str(for_oracle)
    assert list(for_oracle.params.values()) == ["North' --"]
    assert isinstance(statement, sa.Select)
