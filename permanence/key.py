"""Making the key under which a project's identifiers are replaced."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from event_logs.errors import InputError, Problem
from event_logs.project import PROJECT_FILE
from event_logs.pseudonyms import create_key, default_key_path


@dataclass(frozen=True)
class NewKey:
    """Where a key is, and what it is called; never the key itself."""

    path: Path
    key_id: str


def new_key(project: Path) -> NewKey:
    """Make the key of a project, given as its folder or its project file.

    It goes where the project says, else to the default place, outside the project. The project file need not be
    complete: only `name` and `[pseudonyms]` are looked at, so a key can be made while lines are still to be checked.
    Raises InputError if there is a key already (one is never overwritten), if it would lie in the project folder, or
    if it cannot be written.
    """
    file = project / PROJECT_FILE if project.is_dir() else project
    path = key_path(file)
    key = create_key(path, project_folder=file.parent)
    return NewKey(path, key.key_id)


def key_path(file: Path) -> Path:
    """Where the key of a project file is, or is to be."""
    raw = _content(file)
    name, section = raw.get("name"), raw.get("pseudonyms", {})
    if not isinstance(name, str) or not name:
        raise InputError(Problem(file.name, "name", "the key is missing", "Add `name` at the top of the file"))
    given = section.get("key") if isinstance(section, dict) else None
    if isinstance(given, str) and given:
        return file.parent / Path(given).expanduser()
    return default_key_path(name)


def _content(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        remedy = "Give the folder that holds a permanence.toml, or the file itself"
        raise InputError(Problem(str(file), "", "the project file does not exist", remedy)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        remedy = "Correct the file; `permanence check` says where"
        raise InputError(Problem(file.name, "", "the project file is not valid TOML", remedy)) from None
    except OSError as error:
        problem = f"the file cannot be read ({error.strerror or error})"
        raise InputError(Problem(str(file), "", problem, "Check the permissions of the file")) from None
