"""The key of a project: made once, outside the project, and never shown."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from event_logs.errors import InputError
from event_logs.pseudonyms import default_key_path, load_key
from permanence.key import new_key

PROJECT = 'schema_version = 1\nname = "Council of Dunure"\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder, with the user's own settings folder beside it."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.setenv("APPDATA", str(tmp_path / "settings"))
    monkeypatch.setenv("HOME", str(tmp_path / "settings"))
    project = tmp_path / "project"
    project.mkdir()
    (project / "permanence.toml").write_text(PROJECT, encoding="utf-8")
    return project


def test_a_key_is_made_outside_the_project(folder: Path) -> None:
    made = new_key(folder)
    assert made.path == default_key_path("Council of Dunure")
    assert folder not in made.path.parents
    assert load_key(made.path, project_folder=folder).key_id == made.key_id
    if sys.platform != "win32":
        assert stat.S_IMODE(made.path.stat().st_mode) == 0o600


def test_a_key_is_made_while_lines_are_still_to_be_checked(folder: Path) -> None:
    (folder / "permanence.toml").write_text(f"{PROJECT}# CHECK the window\n[pseudonyms]\n", encoding="utf-8")
    assert new_key(folder / "permanence.toml").path.is_file()


def test_the_project_says_where(folder: Path) -> None:
    text = f'{PROJECT}[pseudonyms]\nkey = "../elsewhere/dunure.toml"\n'
    (folder / "permanence.toml").write_text(text, encoding="utf-8")
    assert new_key(folder).path.resolve() == folder.parent / "elsewhere" / "dunure.toml"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f'{PROJECT}[pseudonyms]\nkey = "key.toml"\n', "in the project folder"),
        ("schema_version = 1\n", "the key is missing"),
        ("name = \n", "not valid TOML"),
    ],
)
def test_what_is_wrong_is_said(folder: Path, text: str, problem: str) -> None:
    (folder / "permanence.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=problem):
        new_key(folder)


def test_a_key_is_never_overwritten(folder: Path) -> None:
    made = new_key(folder)
    before = made.path.read_bytes()
    with pytest.raises(InputError, match="never overwritten"):
        new_key(folder)
    assert made.path.read_bytes() == before


def test_the_command_shows_where_and_which_but_never_the_secret(permanence, folder: Path, tmp_path: Path) -> None:
    done = permanence("key", folder, XDG_CONFIG_HOME=str(tmp_path / "other"))
    assert done.returncode == 0, done.stderr
    (path,) = (tmp_path / "other").rglob("*.toml")
    key = load_key(path)
    assert done.stdout == f"Key {key.key_id}: {path}\n"
    secret = next(line for line in path.read_text().splitlines() if line.startswith("secret")).split('"')[1]
    assert secret not in done.stdout + done.stderr
    again = permanence("key", folder, XDG_CONFIG_HOME=str(tmp_path / "other"))
    assert again.returncode == 1
    assert "never overwritten" in again.stderr
    assert "Traceback" not in again.stderr
