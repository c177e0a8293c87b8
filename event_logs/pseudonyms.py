"""Pseudonyms: identifiers replaced, under a secret key, by tokens that mean nothing without it.

A pseudonym is not anonymity. Whoever holds the key can find a child again, so the data stay personal data, and rare
combinations of dates and events can still point to one child.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import sys
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.errors import InputError, Problem
from event_logs.project import PROJECT_FILE

KEY_BYTES = 32
TOKEN_LENGTH = 16
"""Characters of a token: 80 bits, so two of a million identifiers share a token with a chance of 4 in 10^13."""
SHIFT_WEEKS = 52
"""Dates are shifted back by 1 to this many weeks."""

_DIGEST_BYTES = 16
_TOKEN_BYTES = TOKEN_LENGTH * 5 // 8
_ALPHABET = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", dtype=np.uint8)
_BIT_WEIGHTS = np.array([16, 8, 4, 2, 1], dtype=np.uint8)
_INVISIBLE = dict.fromkeys((0x00AD, 0x200B, 0x2060, 0xFEFF))
_ROWS_AT_ONCE = 65_536
_HEADER = """\
# Key for the pseudonyms of a council's extracts. Who has it can find the children behind the tokens.
# Keep it out of the project folder, of shared drives and of e-mail. If it is lost, its tokens cannot be made again.
"""


class Key:
    """A secret of 256 bits. Its text form never shows it, and it cannot be pickled, so it stays out of caches.

    >>> Key(bytes(32))
    Key(key_id='dmq4ueh7')
    """

    __slots__ = ("_secret", "key_id")

    key_id: str
    """Names the key without giving it away; stored with every output, so that tokens of two keys are never mixed."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise ValueError(f"a key must have {KEY_BYTES} bytes, got {len(secret)}")
        self._secret = secret
        digest = hashlib.blake2b(key=secret, digest_size=_DIGEST_BYTES, person=b"permanence keyid").digest()
        self.key_id = _base32([digest])[0][:8].lower()

    def __repr__(self) -> str:
        return f"Key(key_id={self.key_id!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key cannot be pickled: it must not be written anywhere but into its own file")

    def keyed_hash(self, *person: str) -> hashlib.blake2b:
        """An empty hash under this key; hashes for different persons (project, purpose) have nothing in common."""
        digest = hashlib.blake2b(json.dumps(person).encode(), digest_size=hashlib.blake2b.PERSON_SIZE).digest()
        return hashlib.blake2b(key=self._secret, digest_size=_DIGEST_BYTES, person=digest)


@dataclass(frozen=True)
class Pseudonyms:
    """The tokens of one project under one key: keyed BLAKE2b (RFC 7693) of the canonical identifier, in base32.

    Same key, project, purpose and identifier give the same token on any machine. Another key, project or purpose
    gives tokens that cannot be linked to these. A purpose is a kind of identifier ("child", "episode", "family").

    >>> names = Pseudonyms(Key(bytes(32)), "Council")
    >>> names.token(" c001 ", "child") == names.token("C001", "child")
    True
    >>> names.token("C001", "child") == names.token("C001", "episode")
    False
    """

    key: Key
    project: str

    def token(self, identifier: str, purpose: str) -> str:
        """The token of one identifier; ValueError if it is blank."""
        return str(self.tokens(pd.Series([identifier], dtype="str"), purpose).iloc[0])

    def tokens(self, identifiers: pd.Series[str], purpose: str) -> pd.Series[str]:
        """A token for each identifier, index and name kept; a missing identifier stays missing.

        Raises TypeError for identifiers that are not text (a number has already lost its leading zeros), and
        ValueError with count and first position for blank ones, which would all become one child.
        """
        codes, digests = self._digests(identifiers, "token", purpose)
        tokens = np.array([*_base32(digests), None], dtype=object)
        return pd.Series(tokens[codes], index=identifiers.index, name=identifiers.name, dtype="str")

    def shift_days(self, family: str) -> int:
        """Days, negative, by which to shift every date of one family; see `shifts`."""
        return int(self.shifts(pd.Series([family], dtype="str")).iloc[0])

    def shifts(self, families: pd.Series[str]) -> pd.Series[int]:
        """For each family the days to add to all its dates: a multiple of 7 from -364 to -7; missing stays missing.

        Siblings share a shift and every date keeps its weekday; no date moves into the future. Shifted dates are
        *not anonymous*: intervals stay exact, and sequence and intervals were unique for 1,008 of 1,300 synthetic
        children. Calendar analyses (school year, backlog, holidays) are wrong on them. Raises as `tokens` does.
        """
        codes, digests = self._digests(families, "date shift")
        weeks = [1 + int.from_bytes(digest[:8], "big") % SHIFT_WEEKS for digest in digests]
        days = pd.array([*(-7 * count for count in weeks), pd.NA], dtype="Int64")
        return pd.Series(days.take(codes), index=families.index, name=families.name)

    def _digests(self, values: pd.Series[str], *person: str) -> tuple[npt.NDArray[np.intp], list[bytes]]:
        """For each value the position of its digest, -1 if missing; each distinct value is hashed once."""
        codes, unique = pd.factorize(values)
        identifiers = _texts(np.asarray(unique, dtype=object))
        blank = np.array([not identifier for identifier in identifiers], dtype=bool)
        if blank.any():
            rows = np.flatnonzero(np.append(blank, False)[codes])
            raise ValueError(
                f"identifiers must not be blank, {len(rows):,} of {len(codes):,} are, first at position {rows[0]}"
            )
        fresh = self.key.keyed_hash(self.project, *person)
        return codes, [_digest(fresh, identifier) for identifier in identifiers]


def canonical(identifier: str) -> str:
    """The form in which two spellings of one identifier agree.

    Outer white space goes, inner white space (also no-break) becomes one space, invisible characters go, case is
    folded, letters are composed (NFC). Leading zeros stay.

    >>> canonical("  AB\\u00a0 001 ")
    'ab 001'
    """
    if identifier.isascii():
        return " ".join(identifier.split()).lower()
    folded = unicodedata.normalize("NFD", identifier.translate(_INVISIBLE)).casefold()
    return " ".join(unicodedata.normalize("NFC", folded).split())


def create_key(path: Path, *, project_folder: Path | None = None) -> Key:
    """Write a new key into a file of its own that only its owner can read, and return it.

    Raises InputError if the file exists (a key is never overwritten), lies in the project folder or in any folder
    that holds a project file, or cannot be written.
    """
    problem = _misplaced(path, project_folder)
    key = Key(secrets.token_bytes(KEY_BYTES))
    if problem is None:
        problem = _write(path, key)
    if problem is not None:
        raise InputError(problem)
    return key


def load_key(path: Path, *, project_folder: Path | None = None) -> Key:
    """The key in a file that `create_key` wrote.

    Raises InputError if the file is missing, empty, unreadable, damaged, holds a short key, can be read by others
    than its owner (not checked on Windows, where the user's own folder is closed to others), or lies in the project
    folder. No message and no traceback holds any of the key.
    """
    # The key's text lives in `_read` only, so that no frame of a traceback has it among its variables.
    found = _misplaced(path, project_folder) or _read(path)
    if isinstance(found, Problem):
        raise InputError(found)
    return found


def check_same_key(key: Key, recorded: str, file: str) -> None:
    """Raise InputError if what a file holds was made with another key: tokens of two keys never fit together."""
    if recorded != key.key_id:
        problem = f"its pseudonyms were made with the key {recorded!r}, this is the key {key.key_id!r}"
        raise InputError(Problem(file, "", problem, "Use the key it was made with, or make all outputs again"))


def default_key_path(project: str, environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Where the key of a project is kept unless said otherwise: the user's own settings folder, one file a project.

    Windows: %APPDATA%; macOS: ~/Library/Application Support; otherwise $XDG_CONFIG_HOME or ~/.config.
    """
    name = "APPDATA" if platform == "win32" else "XDG_CONFIG_HOME"
    folder = Path(environment.get(name, ""))
    if not folder.is_absolute():  # The XDG specification: a relative path is invalid and to be ignored.
        usual = {"win32": "AppData/Roaming", "darwin": "Library/Application Support"}
        folder = Path.home() / usual.get(platform, ".config")
    readable = re.sub(r"[^a-z0-9]+", "-", canonical(project))[:40].strip("-")
    suffix = hashlib.blake2b(project.encode(), digest_size=4).hexdigest()
    return folder / "permanence" / "keys" / f"{readable}-{suffix}.toml".lstrip("-")


def _texts(unique: Iterable[object]) -> list[str]:
    texts = []
    for identifier in unique:
        if not isinstance(identifier, str):
            raise TypeError(f"identifiers must be text, got {type(identifier).__name__}: read them as text")
        texts.append(canonical(identifier))
    return texts


def _digest(fresh: hashlib.blake2b, identifier: str) -> bytes:
    keyed = fresh.copy()
    # A damaged file may hold half a surrogate pair, which strict UTF-8 refuses with the identifier in the message.
    keyed.update(identifier.encode("utf-8", "surrogatepass"))
    return keyed.digest()


def _base32(digests: list[bytes]) -> list[str]:
    """The first 80 bits of each digest in base32 (RFC 4648), 16 characters."""
    tokens: list[str] = []
    for start in range(0, len(digests), _ROWS_AT_ONCE):
        some = digests[start : start + _ROWS_AT_ONCE]
        data = np.frombuffer(b"".join(some), dtype=np.uint8).reshape(len(some), _DIGEST_BYTES)
        bits = np.unpackbits(data[:, :_TOKEN_BYTES], axis=1).reshape(len(some), TOKEN_LENGTH, 5)
        letters = _ALPHABET[bits @ _BIT_WEIGHTS]
        tokens += letters.view(f"S{TOKEN_LENGTH}").ravel().astype(f"U{TOKEN_LENGTH}").tolist()
    return tokens


def _misplaced(path: Path, project_folder: Path | None) -> Problem | None:
    folders = path.resolve().parents
    inside = project_folder is not None and project_folder.resolve() in folders
    if inside or any((folder / PROJECT_FILE).exists() for folder in folders):
        remedy = "Keep it elsewhere, for example in your own settings folder; project folders are copied and shared"
        return Problem(str(path), "", "the key would lie in the project folder", remedy)
    return None


def _write(path: Path, key: Key) -> Problem | None:
    text = f'{_HEADER}schema_version = 1\nkey_id = "{key.key_id}"\nsecret = "{key._secret.hex()}"\n'
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Created closed to others and only if it is not there: no moment in which another could read or swap it.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        if os.path.lexists(path):
            remedy = "Use it as it is, or give another name; tokens made with a key that is gone cannot be made again"
            return Problem(str(path), "", "the file exists already, and a key is never overwritten", remedy)
        return Problem(str(path), "", f"the key cannot be written ({error.strerror})", "Choose a folder of your own")
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        return Problem(str(path), "", f"the key cannot be written ({error.strerror})", "Choose a folder of your own")
    return None


def _read(path: Path) -> Key | Problem:
    def wrong(problem: str, remedy: str = "Put back your copy of the key; a new key gives other tokens") -> Problem:
        return Problem(str(path), "", problem, remedy)

    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            return wrong("others than its owner can read this key", f"Close it: chmod 600 {path}")
        text = path.read_text(encoding="ascii")
    except FileNotFoundError:
        return wrong("there is no key", "Make one with `permanence key`, or put back the key that you had")
    except UnicodeDecodeError:
        return wrong("the key file is damaged")
    except OSError as error:
        return wrong(f"the key cannot be read ({error.strerror})", "Name the key file, check its permissions")
    if not text.strip():
        return wrong("the key file is empty")
    try:
        stored = tomllib.loads(text)
        secret = bytes.fromhex(stored["secret"])
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError):
        return wrong("the key file is damaged")
    if len(secret) < KEY_BYTES:
        return wrong(f"the key is too short: {len(secret) * 8} bits instead of {KEY_BYTES * 8}")
    if len(secret) > KEY_BYTES or Key(secret).key_id != stored.get("key_id"):
        return wrong("the key file is damaged: its secret does not belong to its key_id")
    return Key(secret)
