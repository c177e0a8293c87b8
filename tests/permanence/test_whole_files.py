"""Files under their final names are whole or not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from event_logs.errors import InputError
from permanence.files import complete_files


def test_files_appear_only_at_the_end(tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"
    with complete_files(out) as scratch:
        (scratch / "a.txt").write_text("a")
        assert not (out / "a.txt").exists()
    assert [path.name for path in out.iterdir()] == ["a.txt"]


def test_an_error_on_the_way_leaves_the_former_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("former")

    def fail_half_way() -> None:
        with complete_files(tmp_path) as scratch:
            (scratch / "a.txt").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_half_way()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.txt": "former"}


def test_what_a_killed_run_left_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / ".partial").mkdir()
    (tmp_path / ".partial" / "old.txt").write_text("half")
    with complete_files(tmp_path) as scratch:
        (scratch / "a.txt").write_text("a")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_folder_that_cannot_be_written_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    def write_below_a_file() -> None:
        with complete_files(tmp_path / "file" / "out"):
            pytest.fail("there is nowhere to write")

    with pytest.raises(InputError, match="cannot be written"):
        write_below_a_file()


def test_a_name_taken_by_a_folder_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt" / "inside").mkdir(parents=True)

    def write_over_it() -> None:
        with complete_files(tmp_path) as scratch:
            (scratch / "a.txt").write_text("a")

    with pytest.raises(InputError, match=r"a\.txt"):
        write_over_it()
    assert (tmp_path / "a.txt" / "inside").is_dir()
