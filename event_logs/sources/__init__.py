"""What stands in an extract, as text: delimited files, workbooks, Parquet and databases, and how it was read."""

from event_logs.sources.checks import copies, gone_since, looks_swapped, missing_months
from event_logs.sources.columns import named
from event_logs.sources.reading import read_source
from event_logs.sources.spec import AUTO, Source, source_of
from event_logs.sources.table import TextTable

__all__ = [
    "AUTO",
    "Source",
    "TextTable",
    "copies",
    "gone_since",
    "looks_swapped",
    "missing_months",
    "named",
    "read_source",
    "source_of",
]
