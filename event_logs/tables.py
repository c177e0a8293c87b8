"""Delimited text as a table of text; it lives in `event_logs.sources` now."""

from event_logs.sources.delimited import parse_table, read_table
from event_logs.sources.table import TextTable

__all__ = ["TextTable", "parse_table", "read_table"]
