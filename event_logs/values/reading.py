"""How the values of a column are written, as a project file declares it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, ConfigDict, Field, Strict, StringConstraints

from event_logs.values.formats import ISO, Language, checked_format, shape, tokens

if TYPE_CHECKING:
    from event_logs.project import Reading

UNKNOWN_SENTINELS = (date(1900, 1, 1), date(1899, 12, 30), date(1901, 1, 1))
"""Dates that systems write for "not known"; they are only read so where they are declared."""
OPEN_SENTINELS = (date(9999, 12, 31), date(2099, 12, 31))
"""Dates that systems write for "still open"; they are only read so where they are declared."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{name!r} is not a time zone; in the United Kingdom it is 'Europe/London'") from None
    return name


DateFormat = Annotated[str, AfterValidator(checked_format)]
PlainDate = Annotated[date, Strict()]
Pivot = Annotated[int, Strict(), Field(ge=0, le=99)] | Literal["birth"]
TimeZone = Annotated[str, AfterValidator(_known_zone)]
Word = Annotated[str, StringConstraints(min_length=1)]
OtherOrder = Literal["stop", "quarantine"]


@dataclass(frozen=True, kw_only=True)
class DateReading:
    """`[reading.dates]`: how dates are written. As it stands, only ISO dates, and nothing stands for anything else."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    formats: tuple[DateFormat, ...] = (ISO,)
    """A date in any of these is read; no text may be a date in two of them."""
    by_shape: bool = False
    """Whether ISO 8601 dates are read as such whatever the formats, and a time of day may follow a date."""
    other_order: OtherOrder = "stop"
    """What happens when dates can only be read with day and month changed over, which puts all others in doubt."""
    sentinels_null: tuple[PlainDate, ...] = ()
    """Dates that mean "not known"."""
    sentinels_open: tuple[PlainDate, ...] = ()
    """Dates that mean "still open"."""
    open_texts: tuple[Word, ...] = ()
    """Words that mean "still open", such as "ongoing"."""
    two_digit_pivot: Pivot | None = None
    """For years of two digits: the last one that means 20.. rather than 19..; or "birth": the latest century that
    does not put the date after the extraction, and nothing older than 50 years. Missing: such years are not read."""
    excel_serials: bool = False
    """Whether numbers from 20000 to 60000 are dates as Excel counts them."""
    date_system_1904: bool | None = None
    """Whether those count from 1904. Missing: as the workbook says, else from 1900."""
    timezone: TimeZone | None = None
    """The clock by which the records were kept. Missing: a date with an offset from UTC stops the run."""
    month_names: tuple[Language, ...] = ("en",)
    """The languages of month names: English ("en"), Scottish Gaelic ("gd")."""

    def __post_init__(self) -> None:
        if not self.formats:
            raise ValueError("formats must name at least one date format, such as '%d/%m/%Y'")
        if not self.month_names:
            raise ValueError("month_names must name at least one language, such as 'en'")
        shapes: dict[str, str] = {}
        for date_format in (*map(checked_format, self.formats), *((ISO,) if self.by_shape else ())):
            first = shapes.setdefault(shape(date_format), date_format)
            if first != date_format:
                raise ValueError(f"{first!r} and {date_format!r} would read the same text as different dates")
        if both := set(self.sentinels_null) & set(self.sentinels_open):
            raise ValueError(f"{min(both).isoformat()} cannot mean both not known and still open")
        if self.timezone is not None:
            _known_zone(self.timezone)

    @property
    def has_short_years(self) -> bool:
        """Whether a format has a year of two digits."""
        return any(directive == "y" for item in self.formats for directive, _ in tokens(item))


@dataclass(frozen=True, kw_only=True)
class ColumnReading:
    """`[reading.columns."file.csv:column"]` or `[reading.columns."column"]`: what is different in one column.

    A key that is missing is as under `[reading]` and `[reading.dates]`.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    formats: tuple[DateFormat, ...] | None = None
    by_shape: bool | None = None
    other_order: OtherOrder | None = None
    sentinels_null: tuple[PlainDate, ...] | None = None
    sentinels_open: tuple[PlainDate, ...] | None = None
    open_texts: tuple[Word, ...] | None = None
    two_digit_pivot: Pivot | None = None
    excel_serials: bool | None = None
    date_system_1904: bool | None = None
    timezone: TimeZone | None = None
    month_names: tuple[Language, ...] | None = None
    missing: tuple[str, ...] | None = None
    """Texts that mean "not known" in this column, instead of those under [reading]."""
    normalise_codes: bool | None = None
    longest_text: Annotated[int, Strict(), Field(ge=1)] | None = None
    """A longer text is cut to this many characters, and counted."""


@dataclass(frozen=True, kw_only=True)
class CellReading:
    """How the cells of one column are read, everything settled."""

    dates: DateReading
    missing: tuple[str, ...]
    normalise_codes: bool = False
    """Whether a code is known again in spite of case and of spaces."""
    longest_text: int | None = None


_DATES = tuple(item.name for item in fields(DateReading))


def cell_reading(reading: Reading, file: str, column: str) -> CellReading:
    """How a column of a file is read, from the `[reading]` section of a project.

    What is said of "file:column" goes before what is said of "column", and that before the rest. Raises ValueError
    for formats that cannot stand together.
    """
    settled = CellReading(
        dates=reading.dates or DateReading(formats=(reading.date_format,)),
        missing=reading.missing,
        normalise_codes=reading.normalise_codes,
    )
    for key in (column, f"{file}:{column}"):
        if key in reading.columns:
            settled = _changed(settled, reading.columns[key])
    return settled


def _changed(settled: CellReading, change: ColumnReading) -> CellReading:
    given = {item.name: getattr(change, item.name) for item in fields(change)}
    given = {name: value for name, value in given.items() if value is not None}
    dates = replace(settled.dates, **{name: value for name, value in given.items() if name in _DATES})
    return replace(settled, dates=dates, **{name: value for name, value in given.items() if name not in _DATES})
