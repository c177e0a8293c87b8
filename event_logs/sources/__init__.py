"""What stands in an extract, as text: delimited files, workbooks, Parquet and databases, and how it was read."""

from event_logs.sources.checks import copies, looks_swapped
from event_logs.sources.columns import named
from event_logs.sources.reading import read_source
from event_logs.sources.spec import AUTO, Source, source_of
from event_logs.sources.table import TextTable

__all__ = [
    "AUTO",
    "Source",
    "TextTable",
    "copies",
    "looks_swapped",
    "named",
    "read_source",
    "source_of",
]
