"""Pseudonyms: the same for the same key, unlinkable for another, and a key that shows itself nowhere."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import os
import pickle
import re
import subprocess
import sys
import traceback
import unicodedata
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_logs.errors import InputError
from event_logs.pseudonyms import (
    Key,
    Pseudonyms,
    canonical,
    check_same_key,
    create_key,
    default_key_path,
    load_key,
)

SECRET = bytes(range(32))
NAMES = Pseudonyms(Key(SECRET), "Council")
IDS = pd.Series([f"{number:05d}" for number in range(2_000)], dtype="str")
posix = pytest.mark.skipif(os.name != "posix", reason="file modes are a matter of POSIX systems")


def test_a_token_is_keyed_blake2b_in_base32() -> None:
    person = hashlib.blake2b(b'["Council", "token", "child"]', digest_size=16).digest()
    digest = hashlib.blake2b(b"c001", key=SECRET, digest_size=16, person=person).digest()
    assert NAMES.token("C001", "child") == base64.b32encode(digest)[:16].decode()
    assert re.fullmatch("[A-Z2-7]{16}", NAMES.token("C001", "child"))


def test_the_tokens_are_the_same_in_other_processes_with_other_hash_seeds() -> None:
    code = (
        "import pandas as pd; from event_logs.pseudonyms import Key, Pseudonyms;"
        "names = Pseudonyms(Key(bytes(range(32))), 'Council');"
        "print(','.join(names.tokens(pd.Series(['00012', 'Zoë', '7']), 'child')), names.shift_days('F1'))"
    )
    root = Path(__file__).resolve().parents[2]
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "12345")
    }
    here = ",".join(NAMES.token(identifier, "child") for identifier in ("00012", "Zoë", "7"))
    assert outputs == {f"{here} {NAMES.shift_days('F1')}\n"}


@pytest.mark.parametrize(
    ("other", "purpose"),
    [
        (Pseudonyms(Key(SECRET[::-1]), "Council"), "child"),
        (Pseudonyms(Key(SECRET), "Another council"), "child"),
        (NAMES, "episode"),
    ],
    ids=["another key", "another project", "another purpose"],
)
def test_nothing_in_common_with_another_key_project_or_purpose(other: Pseudonyms, purpose: str) -> None:
    tokens, others = set(NAMES.tokens(IDS, "child")), set(other.tokens(IDS, purpose))
    assert len(tokens) == len(others) == len(IDS)
    assert not tokens & others


def test_project_and_purpose_cannot_run_into_each_other() -> None:
    key = Key(SECRET)
    assert Pseudonyms(key, "a/b").token("1", "c") != Pseudonyms(key, "a").token("1", "b/c")


def test_one_changed_bit_of_the_key_changes_every_token() -> None:
    other = Pseudonyms(Key(bytes([SECRET[0] ^ 1]) + SECRET[1:]), "Council")
    assert not set(NAMES.tokens(IDS, "child")) & set(other.tokens(IDS, "child"))


@pytest.mark.parametrize("spelling", ["AB 001", " ab 001", "Ab\u00a0001\t", "aB \u2009 001\n", "\ufeffAB \u200b001"])
def test_spellings_of_one_identifier_share_a_token(spelling: str) -> None:
    assert canonical(spelling) == "ab 001"
    assert NAMES.token(spelling, "child") == NAMES.token("ab 001", "child")


def test_composed_and_decomposed_letters_are_one_identifier() -> None:
    composed, decomposed = "Sìne", unicodedata.normalize("NFD", "Sìne")
    assert composed != decomposed
    assert NAMES.token(composed, "child") == NAMES.token(decomposed, "child")


def test_leading_zeros_and_inner_spaces_keep_identifiers_apart() -> None:
    identifiers = pd.Series(["1", "01", "001", "0 01", "1.0"])
    assert NAMES.tokens(identifiers, "child").nunique() == 5


@given(st.text())
def test_the_canonical_form_is_its_own_canonical_form(text: str) -> None:
    once = canonical(text)
    assert canonical(once) == once
    assert once == once.strip()


@given(st.lists(st.one_of(st.none(), st.text(min_size=1).filter(lambda text: bool(canonical(text)))), max_size=20))
def test_a_column_gives_what_each_identifier_gives(identifiers: list[str | None]) -> None:
    column = pd.Series(identifiers, dtype=object, index=range(100, 100 + len(identifiers)), name="child_id")
    tokens = NAMES.tokens(column, "child")
    assert tokens.index.equals(column.index)
    assert tokens.name == "child_id"
    for identifier, token in zip(identifiers, tokens, strict=True):
        assert pd.isna(token) if identifier is None else token == NAMES.token(identifier, "child")


def test_missing_identifiers_stay_missing() -> None:
    tokens = NAMES.tokens(pd.Series(["A", None, "a", None, float("nan")], dtype="str"), "child")
    assert tokens.isna().tolist() == [False, True, False, True, True]
    assert tokens[0] == tokens[2]


def test_columns_of_categories_and_empty_columns_are_columns_too() -> None:
    column: Any = pd.Series(["A", "B", "A", None], dtype="category")
    assert NAMES.tokens(column, "child").equals(NAMES.tokens(column.astype("str"), "child"))
    assert NAMES.tokens(pd.Series([], dtype="str"), "child").empty
    assert NAMES.tokens(pd.Series([None, None], dtype="str"), "child").isna().all()


def test_blank_identifiers_are_refused_with_count_and_place_and_without_values() -> None:
    column = pd.Series(["secretchild", "", None, " \u00a0", "\u200b"], dtype="str")
    with pytest.raises(ValueError, match=r"3 of 5 are, first at position 1") as caught:
        NAMES.tokens(column, "child")
    assert "secretchild" not in str(caught.value)


@pytest.mark.parametrize("column", [pd.Series([1, 2]), pd.Series([1.0, None]), pd.Series(["a", 7], dtype=object)])
def test_identifiers_that_are_not_text_are_refused(column: pd.Series[str]) -> None:
    with pytest.raises(TypeError, match="must be text"):
        NAMES.tokens(column, "child")


def test_siblings_share_a_shift_of_whole_weeks_into_the_past() -> None:
    families = pd.Series([f"F{number}" for number in range(5_000)] + [None, "f1 "], dtype="str")
    shifts = NAMES.shifts(families)
    assert shifts[1] == shifts[5_001] == NAMES.shift_days("F1")
    assert pd.isna(shifts[5_000])
    known = shifts.dropna().astype(int)
    assert set(known) == {-7 * weeks for weeks in range(1, 53)}
    assert known.value_counts().between(50, 150).all()  # 5,000 over 52 values: 96 each, standard deviation 10


def test_the_shift_tells_nothing_about_the_token() -> None:
    """The hash behind the shift is another than that behind the family's token."""
    digest = NAMES.key.keyed_hash("Council", "token", "family")
    digest.update(b"f1")
    shifted = [-7 * (1 + int.from_bytes(digest.digest()[:8], "big") % 52)]
    digests = NAMES.key.keyed_hash("Council", "date shift")
    digests.update(b"f1")
    assert [-7 * (1 + int.from_bytes(digests.digest()[:8], "big") % 52)] == [NAMES.shift_days("F1")]
    assert digests.digest() != digest.digest()
    assert shifted != [NAMES.shift_days("F1")]


def test_a_new_key_comes_back_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "council.toml"
    created, loaded = create_key(path), load_key(path)
    assert Pseudonyms(created, "p").token("1", "child") == Pseudonyms(loaded, "p").token("1", "child")
    assert created.key_id == loaded.key_id
    other = create_key(tmp_path / "keys" / "other.toml")
    assert other.key_id != created.key_id
    assert Pseudonyms(other, "p").token("1", "child") != Pseudonyms(created, "p").token("1", "child")


@posix
def test_only_its_owner_can_read_a_key(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "council.toml"
    before = os.umask(0)
    try:
        create_key(path)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key.toml"
    create_key(path)
    path.chmod(mode)
    problem = refused(path)
    assert "others than its owner" in problem
    assert f"chmod 600 {path}" in problem


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key.toml"
    create_key(path)
    before = path.read_bytes()
    with pytest.raises(InputError, match="exists already, and a key is never overwritten"):
        create_key(path)
    assert path.read_bytes() == before


def test_a_key_does_not_go_into_the_project_folder(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "deep").mkdir(parents=True)
    inside = project / "deep" / "key.toml"
    with pytest.raises(InputError, match="project folder"):
        create_key(inside, project_folder=project)
    (project / "permanence.toml").write_text("")
    with pytest.raises(InputError, match="project folder"):
        create_key(inside)
    with pytest.raises(InputError, match="project folder"):
        create_key(tmp_path / "elsewhere" / ".." / "project" / "key.toml")
    assert not inside.exists()
    beside = tmp_path / "key.toml"
    create_key(beside, project_folder=project)
    inside.write_bytes(beside.read_bytes())
    inside.chmod(0o600)
    assert "project folder" in refused(inside)


def test_a_link_into_the_project_folder_is_the_project_folder(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "link").symlink_to(project, target_is_directory=True)
    with pytest.raises(InputError, match="project folder"):
        create_key(tmp_path / "link" / "key.toml", project_folder=project)


def test_a_key_that_cannot_be_written_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        create_key(tmp_path / "file" / "key.toml")


def refused(path: Path) -> str:
    """The message with which a key file is refused, checked to name the file and a remedy and to hold no secret."""
    with pytest.raises(InputError) as caught:
        load_key(path)
    (problem,) = caught.value.problems
    assert problem.file == str(path)
    assert problem.remedy
    if path.is_file() and (secret := re.search("[0-9a-f]{16,}", path.read_text(encoding="latin-1"))):
        assert secret[0] not in "".join(traceback.format_exception(caught.value))
    return str(problem)


def damaged(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(0o600)
    return path


def key_file(secret: bytes, key_id: str) -> str:
    return f'schema_version = 1\nkey_id = "{key_id}"\nsecret = "{secret.hex()}"\n'


def test_what_is_wrong_with_a_key_file_is_said(tmp_path: Path) -> None:
    path, good = tmp_path / "key.toml", key_file(SECRET, Key(SECRET).key_id)
    assert "there is no key" in refused(path)
    assert "is empty" in refused(damaged(path, ""))
    assert "is empty" in refused(damaged(path, "\n \n"))
    assert "too short: 128 bits instead of 256" in refused(damaged(path, key_file(SECRET[:16], "x")))
    assert "too short: 0 bits" in refused(damaged(path, key_file(b"", "x")))
    assert "damaged" in refused(damaged(path, key_file(SECRET + b"1", "x")))
    assert "damaged" in refused(damaged(path, good.replace("00", "01", 1)))
    assert "damaged" in refused(damaged(path, good.replace("1f", "zz", 1)))
    assert "damaged" in refused(damaged(path, good[: good.index("secret")]))
    assert "damaged" in refused(damaged(path, good[:-3]))
    assert "damaged" in refused(damaged(path, "secret = 5"))
    assert "damaged" in refused(damaged(path, b"\xff\xfe\x00"))
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o700)
    assert "cannot be read" in refused(folder)
    assert load_key(damaged(path, good)).key_id == Key(SECRET).key_id


def test_the_secret_is_in_no_text_form_and_in_no_frame_of_a_traceback(tmp_path: Path) -> None:
    path = tmp_path / "key.toml"
    damaged(path, key_file(SECRET, "wrongkey"))
    with pytest.raises(InputError) as caught:
        load_key(path)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__)]
    ours = [frame for frame in frames if Path(frame.f_code.co_filename).name == "pseudonyms.py"]
    assert [frame.f_code.co_name for frame in ours] == ["load_key"]
    for frame in ours:
        assert SECRET.hex() not in repr(frame.f_locals)
        assert repr(SECRET) not in repr(frame.f_locals)
    shown = [repr(Key(SECRET)), str(Key(SECRET)), f"{Key(SECRET)}", repr(NAMES), json.dumps(Key(SECRET).key_id)]
    for text in shown:
        assert SECRET.hex() not in text
        assert repr(SECRET)[2:-1] not in text


def test_a_key_does_not_get_into_caches_and_workers() -> None:
    for action in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be pickled"):
            action(NAMES.key)


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_a_key_has_256_bits(length: int) -> None:
    with pytest.raises(ValueError, match=f"32 bytes, got {length}"):
        Key(bytes(length))


def test_tokens_of_two_keys_are_not_mixed() -> None:
    key, other = Key(SECRET), Key(SECRET[::-1])
    check_same_key(key, key.key_id, "event_log.parquet")
    with pytest.raises(InputError, match=f"event_log.parquet: .*'{other.key_id}'.*'{key.key_id}'"):
        check_same_key(key, other.key_id, "event_log.parquet")


def test_the_default_place_follows_the_system_and_lies_in_no_project() -> None:
    settings, home = Path("/settings").absolute(), Path.home()
    name = default_key_path("City of Leith", {}, "linux").name
    assert re.fullmatch(r"city-of-leith-[0-9a-f]{8}\.toml", name)
    expected = [
        ({"XDG_CONFIG_HOME": str(settings)}, "linux", settings),
        ({"APPDATA": str(settings)}, "win32", settings),
        ({"XDG_CONFIG_HOME": str(settings)}, "win32", home / "AppData" / "Roaming"),
        ({"XDG_CONFIG_HOME": "relative"}, "linux", home / ".config"),
        ({}, "linux", home / ".config"),
        ({}, "darwin", home / "Library" / "Application Support"),
    ]
    for environment, platform, folder in expected:
        assert default_key_path("City of Leith", environment, platform) == folder / "permanence" / "keys" / name


def test_every_project_has_a_key_file_of_its_own() -> None:
    names = ["A/B", "A-B", "a b", "", "..", "CON", "x" * 300, "Dùn Èideann"]
    paths = {default_key_path(name, {}, "linux").name for name in names}
    assert len(paths) == len(names)
    assert all(re.fullmatch(r"[a-z0-9-]{1,60}\.toml", name) for name in paths)
