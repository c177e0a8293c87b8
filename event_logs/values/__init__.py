"""What does the text in a cell mean?

Dates, codes, identifiers, numbers and yes-or-no answers, each read as the project file declares it and never by
guess; what cannot be read comes back with the reason, and what was read by a rule with a count.
"""

from event_logs.values.dates import DateColumn, Precision, parse_dates, read_dates
from event_logs.values.reading import (
    OPEN_SENTINELS,
    UNKNOWN_SENTINELS,
    CellReading,
    ColumnReading,
    DateReading,
    cell_reading,
)
from event_logs.values.remarks import Refusal, Remark

__all__ = [
    "OPEN_SENTINELS",
    "UNKNOWN_SENTINELS",
    "CellReading",
    "ColumnReading",
    "DateColumn",
    "DateReading",
    "Precision",
    "Refusal",
    "Remark",
    "cell_reading",
    "parse_dates",
    "read_dates",
]
