"""Finding out how a delimited file is written, with the evidence in words."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter

from event_logs.errors import InputError, Problem

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_SAMPLE = 200
_SAMPLE_TEXT = 200_000
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_C1 = re.compile("[\x80-\x9f]")
_CP1252_TAIL = "\u00a0-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ\x81\x8d\x8f\x90\x9d"
_MOJIBAKE = re.compile(f"[\u00c2-\u00f4][{_CP1252_TAIL}]{{1,3}}")


def sniffed_encoding(data: bytes, file: str) -> tuple[str, str]:
    """The encoding of a text, and the evidence for it; InputError where there is none."""
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return encoding, f"the file begins with the mark of {encoding.removesuffix('-sig').upper()}"
    if (wide := _unmarked_utf16(data)) is not None:
        return wide, "every other byte is zero, as in UTF-16 without its mark"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        place, byte = line_of(data, error.start), data[error.start]
    else:
        return "utf-8", "only ASCII characters are used" if data.isascii() else "every byte fits UTF-8"
    try:
        data.decode("cp1252")
    except UnicodeDecodeError as error:
        problem = f"the encoding cannot be told: byte 0x{byte:02x} is not UTF-8, and line {line_of(data, error.start)}"
        problem += f" holds byte 0x{data[error.start]:02x}, which Windows (cp1252) does not have either"
        remedy = "Ask which encoding the system exports, and set it as `encoding` in the project file"
        raise InputError(Problem(file, f"line {place}", problem, remedy)) from None
    marked = len(re.findall(rb"[\x80-\xff]", data))
    return "cp1252", f"byte 0x{byte:02x} on line {place} is not UTF-8; all {marked:,} such bytes fit Windows (cp1252)"


def decoded(data: bytes, file: str, encoding: str) -> str:
    """The text in the declared encoding; InputError with the remedy where it is another."""
    name = codecs.lookup(encoding).name
    mark = next((found for start, found in _MARKS.items() if data.startswith(start)), "")
    wide = mark if mark in ("utf-16", "utf-32") else _unmarked_utf16(data) or ""
    if wide and not name.startswith(wide[:6]):
        problem = f"the file is written in {wide.upper()}, not in {encoding}"
        raise InputError(Problem(file, "line 1", problem, encoding_remedy(wide)))
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = line_of(data, error.start)
        problem = f"the file is not written in {encoding} (byte 0x{data[error.start]:02x})"
        other = "utf-8" if name != "utf-8" and _decodes(data, "utf-8") else "cp1252"
        raise InputError(Problem(file, f"line {line}", problem, encoding_remedy(other))) from None
    if name == "iso8859-1" and (control := _C1.search(text)):
        # ISO 8859-1 has only control characters at 0x80 to 0x9f, where Windows has quotes, dashes and the euro.
        problem = f"the file is not written in {encoding}: byte 0x{ord(control[0]):02x} is no letter there"
        line = text.count("\n", 0, control.start()) + 1
        raise InputError(Problem(file, f"line {line}", problem, encoding_remedy("cp1252")))
    return text.removeprefix("\ufeff")


def encoding_remedy(encoding: str) -> str:
    return f'Save the file as UTF-8, or in the project file set encoding = "{encoding}" under [reading]'


def text_warnings(text: str) -> list[str]:
    """What looks damaged in a text that was decoded without an error."""
    if text.isascii():
        return []
    warnings = []
    if any(sign in text for sign in "ÃÂâ") and (spoilt := _mojibake(text)):
        warnings.append(
            f'{spoilt:,} places look like UTF-8 that was once read as Windows text ("Ã«" for "ë"); the system that '
            "wrote the extract, or a copy made since, has spoilt them"
        )
    if "\ufffd" in text:
        warnings.append(
            f"{text.count(chr(0xFFFD)):,} characters were lost before the file was written: they stand as \ufffd"
        )
    if controls := len(_C1.findall(text)):
        warnings.append(f"{controls:,} characters are invisible control characters, from text read in a wrong encoding")
    return warnings


def _mojibake(text: str) -> int:
    count = 0
    for match in _MOJIBAKE.finditer(text):
        try:
            match[0].encode("cp1252").decode("utf-8")
        except (UnicodeEncodeError, UnicodeDecodeError):
            continue
        count += 1
    return count


def sniffed_delimiter(text: str, file: str) -> tuple[str, str]:
    """The delimiter, and the evidence for it: the one that cuts most records into one and the same number of fields.

    Raises InputError where two do so equally well.
    """
    cut = {delimiter: _regularity(text, delimiter) for delimiter in DELIMITERS}
    ranked = sorted(cut, key=lambda delimiter: cut[delimiter], reverse=True)
    best, second = ranked[:2]
    share, width = cut[best]
    if not share:
        return ",", "no delimiter cuts the lines into columns, so there is one column only"
    if cut[second] == cut[best]:
        problem = f"the delimiter cannot be told: {DELIMITERS[best]} and {DELIMITERS[second]} do equally well"
        raise InputError(Problem(file, "", problem, "Set `delimiter` in the project file"))
    return best, f"the {DELIMITERS[best]} cuts {share:.0%} of the first lines into {width} fields"


def _regularity(text: str, delimiter: str) -> tuple[float, int]:
    """How large a share of the first records has the most frequent number of fields, and that number."""
    widths: Counter[int] = Counter()
    reader = csv.reader(io.StringIO(text[:_SAMPLE_TEXT], newline=""), delimiter=delimiter)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                widths[len(row)] += 1
            if widths.total() >= _SAMPLE:
                break
    except csv.Error:
        pass  # a field longer than the reader allows: what was read so far has to do
    several = {width: count for width, count in widths.items() if width > 1}
    if not several:
        return 0.0, 1
    width = max(several, key=lambda width: (several[width], width))
    return several[width] / widths.total(), width


def line_ends(text: str) -> str:
    """A sentence where the file mixes line ends; empty where it does not."""
    both, newline, carriage = text.count("\r\n"), text.count("\n"), text.count("\r")
    kinds = {"CRLF": both, "LF": newline - both, "CR": carriage - both}
    used = [f"{count:,} {kind}" for kind, count in kinds.items() if count]
    return f"the line ends are mixed ({', '.join(used)}); each was read as the end of a line" if len(used) > 1 else ""


def line_of(data: bytes, at: int) -> int:
    return data.count(b"\n", 0, at) + 1


def _unmarked_utf16(data: bytes) -> str | None:
    sample = data[: 2 * 512]
    half = len(sample) // 2
    if half < 2:
        return None
    if sample[1::2].count(0) > 0.7 * half and sample[0::2].count(0) < 0.1 * half:
        return "utf-16-le"
    if sample[0::2].count(0) > 0.7 * half and sample[1::2].count(0) < 0.1 * half:
        return "utf-16-be"
    return None


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
