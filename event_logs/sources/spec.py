"""What a project file says about where one table comes from."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, ConfigDict, Field, Strict, StringConstraints

AUTO = "auto"
"""Have the property found in the file; what was found is always shown."""

SourceText = Annotated[str, StringConstraints(min_length=1)]
LineNumber = Annotated[int, Strict(), Field(ge=1)]


def known_encoding(name: str) -> str:
    """The name, if it is "auto" or that of an encoding; ValueError if not."""
    if name != AUTO:
        try:
            codecs.lookup(name)
        except LookupError:
            raise ValueError(f"{name!r} is not an encoding; most extracts are 'utf-8' or 'cp1252'") from None
    return name


def known_delimiter(text: str) -> str:
    """The text, if it is "auto" or a single character; ValueError if not."""
    if text != AUTO and len(text) != 1:
        raise ValueError(f'must be one character, such as "," or "\\t", or "auto", got {text!r}')
    return text


def known_password_source(text: str) -> str:
    """The text, if it says where a password is kept; ValueError if not. The value itself is never repeated."""
    if not re.fullmatch(r"env:[A-Za-z_][A-Za-z0-9_]*|keyring:\S.*", text):
        raise ValueError(
            'must be "env:NAME" for an environment variable or "keyring:SERVICE" for an entry of the keyring; '
            "the password itself is never written in a project file"
        )
    return text


Encoding = Annotated[str, AfterValidator(known_encoding)]
Delimiter = Annotated[str, AfterValidator(known_delimiter)]
PasswordSource = Annotated[str, AfterValidator(known_password_source)]


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a table is and how it is laid out: a file of the project's folder, or a query to a database.

    Give `file`, or `url` with `query` or `table`. Of the rest, `sheet` and `hidden` are for workbooks; `encoding`
    and `delimiter` for delimited text; `password_from`, `parameters` and `where` for databases.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    file: SourceText | None = None
    url: SourceText | None = None
    """Database address such as postgresql://reader@server/records, without a password."""
    query: SourceText | None = None
    """One SELECT; `:name` in it stands for the value of that name in `parameters`."""
    table: SourceText | None = None
    """A table or view, "name" or "schema.name", read instead of a query."""
    where: Mapping[SourceText, str | int] = field(default_factory=dict)
    """Column of `table` -> the value that it must have."""
    parameters: Mapping[SourceText, str | int] = field(default_factory=dict)
    password_from: PasswordSource | None = None
    sheet: SourceText | None = None
    hidden: Literal["ask", "read", "ignore"] = "ask"
    """What becomes of the hidden rows of a sheet: an error that lists them, records like others, or ignored."""
    encoding: Encoding | None = None
    """Missing: as the project's `[reading]` says."""
    delimiter: Delimiter | None = None
    header_row: Literal["auto"] | LineNumber | tuple[LineNumber, ...] | None = None
    """The line of the header; several lines of one header, which are joined; missing: the first line with text."""
    aliases: Mapping[SourceText, SourceText | tuple[SourceText, ...]] = field(default_factory=dict)
    """Column name in the project file -> other names that it has had in extracts."""
    may_be_empty: bool = False
    """Whether a header without records is to be expected."""

    def __post_init__(self) -> None:
        if (self.file is None) == (self.url is None):
            raise ValueError("give `file`, or `url` with `query` or `table`: exactly one of the two")
        if self.url is not None and (self.query is None) == (self.table is None):
            raise ValueError("a database needs `query` or `table`: exactly one of the two")
        unused = [name for name in ("query", "table", "password_from") if self.file and getattr(self, name)]
        if unused:
            raise ValueError(f"{', '.join(f'`{name}`' for name in unused)} cannot go with `file`")
        if self.where and self.table is None:
            raise ValueError("`where` goes with `table`; in a query, write the condition")

    def resolved(self, *, encoding: str, delimiter: str) -> Source:
        """The same with an encoding and a delimiter where it has none of its own."""
        return replace(self, encoding=self.encoding or encoding, delimiter=self.delimiter or delimiter)

    @property
    def name(self) -> str:
        """What to call the source in messages."""
        if self.file is not None:
            return self.file
        return f"table {self.table}" if self.table else "database query"


SOURCE_KEYS = frozenset(item.name for item in fields(Source))


def source_of(section: Any) -> Source:
    """The source that a section of the project file names, whatever other keys the section has.

    >>> from types import SimpleNamespace
    >>> source_of(SimpleNamespace(file="children.csv", child="child_id")).file
    'children.csv'
    """
    return Source(**{key: getattr(section, key) for key in sorted(SOURCE_KEYS) if hasattr(section, key)})
