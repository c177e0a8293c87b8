"""How the text of the tables is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from pydantic import ConfigDict

from event_logs.project.fields import FORBID, Text
from event_logs.sources.spec import Delimiter, Encoding
from event_logs.values.reading import ColumnReading, DateFormat, DateReading


@dataclass(frozen=True, kw_only=True)
class Reading:
    """`[reading]`: how the text of the tables is written.

    Nothing of it is guessed; an encoding or delimiter "auto" is found in the file, and what was found is shown.
    """

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    encoding: Encoding = "utf-8"
    delimiter: Delimiter = ","
    date_format: DateFormat = "%Y-%m-%d"
    dates: DateReading | None = None
    """More about dates; it then takes the place of `date_format`."""
    columns: Mapping[Text, ColumnReading] = field(default_factory=dict)
    """"file.csv:column" or "column" -> what is different there."""
    missing: tuple[str, ...] = ("",)
    """Texts that mean "not known". An empty cell always does."""
    normalise_codes: bool = False
    """Whether a code is known again in spite of case and of spaces."""
    total_row_labels: tuple[Text, ...] = ()
    """A row whose first cell is one of these is a total, not a record."""
