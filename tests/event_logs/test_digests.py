"""Digests tell content apart."""

from __future__ import annotations

from pathlib import Path

from event_logs.digests import code_digest, combined_digest, file_digest


def test_digests_tell_content_apart(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    # The SHA-256 of "abc" in FIPS 180-4.
    assert file_digest(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert file_digest(tmp_path / "b") == ""
    assert combined_digest({"x": "1", "y": "2"}) == combined_digest({"y": "2", "x": "1"})
    assert combined_digest({"x": "1"}) != combined_digest({"x": "2"})
    assert len(code_digest()) == 64
