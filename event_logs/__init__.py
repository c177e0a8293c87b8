"""What happened to each child, and when: case records and foreign event logs to one checked, ordered event log."""

from event_logs.derive import derive, write_quarantine
from event_logs.errors import InputError
from event_logs.exchange import final_activities, read_log, read_run_log, write_log
from event_logs.log import EventLog
from event_logs.log_tables import LogColumns
from event_logs.project import Project, load_project
from event_logs.window import ObservationWindow

__all__ = [
    "EventLog",
    "InputError",
    "LogColumns",
    "ObservationWindow",
    "Project",
    "derive",
    "final_activities",
    "load_project",
    "read_log",
    "read_run_log",
    "write_log",
    "write_quarantine",
]
