"""What happened to each child, and when: case records and foreign event logs to one checked, ordered event log."""

from importlib import import_module
from typing import TYPE_CHECKING

from event_logs.derive import derive, write_quarantine
from event_logs.errors import InputError
from event_logs.log import EventLog
from event_logs.window import ObservationWindow

if TYPE_CHECKING:
    from event_logs.exchange import final_activities, read_log, read_run_log, write_log
    from event_logs.log_tables import LogColumns
    from event_logs.project import Project, load_project

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

_LATER = {
    **dict.fromkeys(("final_activities", "read_log", "read_run_log", "write_log"), "event_logs.exchange"),
    "LogColumns": "event_logs.log_tables",
    **dict.fromkeys(("Project", "load_project"), "event_logs.project"),
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """A name whose module takes long to import, when it is first asked for."""
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_LATER[name]), name)
