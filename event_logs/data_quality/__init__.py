"""What is wrong with the records that is worth taking to the team, in tables."""

from event_logs.data_quality.report import QualityReport, quality_report
from event_logs.data_quality.tracking import track
from event_logs.data_quality.trend import read_history, trend

__all__ = ["QualityReport", "quality_report", "read_history", "track", "trend"]
