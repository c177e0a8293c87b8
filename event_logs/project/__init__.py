"""Which tables does a council's extract have, and how are they to be read?

The project file permanence.toml, read into frozen values with everything wrong with it told at once.
"""

from event_logs.project.fields import nearest
from event_logs.project.gates import Panel
from event_logs.project.loading import PROJECT_FILE, Project, ProjectFile, load_project, project_adapter
from event_logs.project.presets import preset_names, preset_text
from event_logs.project.reading import Reading

__all__ = [
    "PROJECT_FILE",
    "Panel",
    "Project",
    "ProjectFile",
    "Reading",
    "load_project",
    "nearest",
    "preset_names",
    "preset_text",
    "project_adapter",
]
