"""Reading the result of a query to a database as text."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from event_logs.errors import InputError, Problem
from event_logs.sources.assemble import Origin
from event_logs.sources.celltext import cell_text
from event_logs.sources.parquet import typed_table
from event_logs.sources.spec import Source
from event_logs.sources.table import TextTable

if TYPE_CHECKING:
    import sqlalchemy as sa

_ROWS = 8_000
_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mssql": "mssql+mssqlpython",
    "sqlserver": "mssql+mssqlpython",
    "oracle": "oracle+oracledb",
    "sqlite": "sqlite+pysqlite",
}
_DRIVER_PACKAGES = 'Install the database drivers: pip install "permanence[sql]"'
_SECRET = re.compile(r"(?i)(^|[;{])\s*(pass(word|wd)?|pwd|sslpassword|access_?token|token|secret)\s*($|=)")
_PIECES = re.compile(
    r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$|;|\w+", re.DOTALL
)


def read_sql(spec: Source, folder: Path, progress: Callable[[int], None] | None = None) -> TextTable:
    """The result of the source's query, or its table, as text; the `line` of a record is its number from 1.

    The transaction is read-only where the database has such a thing, and is rolled back everywhere. Names of tables
    and columns, and all parameters, go to the database as names and values, never as part of a statement. Raises
    InputError for an address that holds a password, a missing password or driver, a query that is not a single
    SELECT, and whatever the database objects to.
    """
    import sqlalchemy as sa

    url = _address(spec, folder)
    file = spec.name
    try:
        engine = sa.create_engine(url, poolclass=sa.NullPool, **_read_only(url, folder))
    except (ImportError, sa.exc.ArgumentError):
        raise InputError(Problem(file, "url", f"there is no driver for {url.drivername}", _DRIVER_PACKAGES)) from None
    statement = _statement(spec)
    try:
        with _connected(engine, spec) as connection:
            if url.get_backend_name() == "postgresql":
                connection = connection.execution_options(postgresql_readonly=True)
            if url.get_backend_name() == "oracle":
                connection.execute(sa.text("SET TRANSACTION READ ONLY"))
            try:
                options = {"stream_results": True, "max_row_buffer": _ROWS}
                result = connection.execution_options(**options).execute(statement, dict(spec.parameters))
                origin = Origin(file, "", found=(f"read from the database {_shown(url)}",))
                return typed_table(list(result.keys()), _batches(result), origin, spec, progress)
            finally:
                connection.rollback()
    except (sa.exc.SQLAlchemyError, UnicodeError) as error:
        raise InputError(_database_problem(error, spec, url)) from None
    finally:
        engine.dispose()


def _connected(engine: sa.Engine, spec: Source) -> sa.Connection:
    import sqlalchemy as sa

    try:
        return engine.connect()
    except Exception as error:  # drivers raise errors of their own for an address that they do not understand
        reason = getattr(error, "orig", None) or error
        raise InputError(_database_problem(sa.exc.OperationalError("", None, reason), spec, engine.url)) from None


def _batches(result: sa.CursorResult[Any]) -> Iterator[Sequence[pa.Array]]:
    while rows := result.fetchmany(_ROWS):
        yield [pa.array([cell_text(value) for value in column], pa.string()) for column in zip(*rows, strict=True)]


def _address(spec: Source, folder: Path) -> sa.URL:
    """The address with its driver and the password from where the source says; a password in it is refused."""
    import sqlalchemy as sa

    file = spec.name
    try:
        url = sa.make_url(spec.url or "")
    except (sa.exc.ArgumentError, ValueError):
        remedy = "Write for example postgresql://reader@server/records"
        raise InputError(Problem(file, "url", "this is not the address of a database", remedy)) from None
    texts = [*url.query, *(str(value) for value in url.query.values())]
    if url.password is not None or any(_SECRET.search(text) for text in texts):
        remedy = 'Take it out, change it, and say where it is kept: password_from = "env:PERMANENCE_DB_PASSWORD"'
        raise InputError(Problem(file, "url", "a password stands in the project file", remedy))
    drivername = _DRIVERS.get(url.drivername.lower(), url.drivername)
    if drivername.split("+")[0] not in {name.split("+")[0] for name in _DRIVERS.values()}:
        remedy = "Use postgresql://, mssql://, oracle:// or sqlite://"
        raise InputError(Problem(file, "url", f"{url.drivername!r} is not a database that can be read", remedy))
    url = url.set(drivername=drivername)
    if spec.password_from is not None:
        url = url.set(password=_password(spec.password_from, url.username, file))
    return url


def _password(source: str, user: str | None, file: str) -> str:
    kind, _, name = source.partition(":")
    if kind == "env":
        password = os.environ.get(name)
        if not password:
            remedy = f"Set {name} to the password of the database before running"
            raise InputError(Problem(file, "password_from", f"the environment variable {name} is not set", remedy))
        return password
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        raise InputError(Problem(file, "password_from", "there is no keyring here", _DRIVER_PACKAGES)) from None
    try:
        password = keyring.get_password(name, user or "")
    except KeyringError:
        problem = "the keyring of this machine cannot be opened"
        raise InputError(Problem(file, "password_from", problem, "Use env: and an environment variable")) from None
    if not password:
        problem = f"the keyring has no password for the service {name!r} and the user {user!r}"
        raise InputError(Problem(file, "password_from", problem, f"Store it: keyring set {name} {user or ''}".strip()))
    return password


def _read_only(url: sa.URL, folder: Path) -> dict[str, Any]:
    """Arguments for the engine that let it read and nothing else."""
    kind = url.get_backend_name()
    if kind == "postgresql":
        own = str(url.query.get("options", ""))
        return {"connect_args": {"options": f"{own} -c default_transaction_read_only=on".strip()}}
    if kind == "mssql":
        return {}
    if kind == "sqlite":
        import sqlite3

        path = (folder / (url.database or "")).resolve()
        return {"creator": lambda: sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)}
    return {}


def _statement(spec: Source) -> sa.Executable:
    import sqlalchemy as sa

    if spec.table is not None:
        schema, _, name = spec.table.rpartition(".")
        of = sa.quoted_name(schema, quote=True) if schema else None
        table = sa.table(sa.quoted_name(name, quote=True), schema=of)
        conditions = [sa.column(sa.quoted_name(key, quote=True)) == value for key, value in spec.where.items()]
        return sa.select(sa.text("*")).select_from(table).where(*conditions)
    query = spec.query or ""
    pieces = [match[0] for match in _PIECES.finditer(query) if not match[0].startswith(("--", "/*"))]
    while pieces and pieces[-1] == ";":
        pieces.pop()
    if not pieces or pieces[0].upper() not in ("SELECT", "WITH") or ";" in pieces:
        problem = "the query is not a single SELECT"
        raise InputError(Problem(spec.name, "query", problem, "Write one SELECT; nothing may be changed by reading"))
    if not spec.parameters:
        query = re.sub(r"(?<![:\\\w]):(?=\w)", r"\\:", query)  # a colon stands for itself, as in '10:30'
    return sa.text(query.rstrip().rstrip(";"))


def _database_problem(error: Exception, spec: Source, url: sa.URL) -> Problem:
    """What the database said, without values: its message may quote a child's data."""
    import sqlalchemy as sa

    first = str(getattr(error, "orig", None) or error).strip().splitlines()
    said = " ".join(line.strip() for line in first[:2])[:200].rstrip(".") or type(error).__name__
    if isinstance(error, sa.exc.DataError | UnicodeError):
        return Problem(spec.name, "query", "the database found a value that it cannot convert", "Correct the query")
    if isinstance(error, sa.exc.ProgrammingError | sa.exc.NoSuchTableError | sa.exc.StatementError) and not isinstance(
        error, sa.exc.OperationalError | sa.exc.InterfaceError
    ):
        return Problem(spec.name, "query", f"the database refuses the query: {said}", "Correct the query")
    if url.password:
        said = said.replace(str(url.password), "***")
    remedy = "Check the address, that the server is reachable, and the user's password and rights"
    return Problem(spec.name, "url", f"the database cannot be read: {said}", remedy)


def _shown(url: sa.URL) -> str:
    where = f" on {url.host}" if url.host else ""
    return f"{Path(url.database or '').name!r}{where}, and nothing was changed there"
