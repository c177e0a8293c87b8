"""How the text of an extract's files is written: the section [reading] that is proposed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from event_logs.proposal.deciding import Decisions
from event_logs.proposal.document import Section
from event_logs.proposal.kinds import readings
from event_logs.proposal.profiles import PLAINLY_MISSING, Column, Extract


def reading_section(
    extracts: Sequence[Extract],
    decisions: Decisions,
    usual: str,
    missing: Sequence[str],
    doubtful: Sequence[str],
) -> Section:
    section = Section(header="reading")
    found = [f"{e.name}: {e.encoding_evidence}" for e in extracts if e.encoding == decisions.encoding and not e.ascii]
    section.add("encoding", decisions.encoding, *(f"{said}." for said in found[:3]))
    found = [f"{e.name}: {e.delimiter_evidence}" for e in extracts if e.delimiter == decisions.delimiter]
    section.add("delimiter", decisions.delimiter, *(f"{said}." for said in found[:3]))
    section.add("date_format", usual, "Of most columns of dates; the others stand below, the evidence with each.")
    section.add("missing", missing, *_missing_words(extracts, missing), check=" ".join(doubtful))
    labels = sorted({label for extract in extracts for label in extract.total_labels})
    if labels:
        section.add("total_row_labels", labels)
    return section


def missing_texts(extracts: Sequence[Extract], decisions: Decisions) -> tuple[list[str], list[str]]:
    """The texts that mean "not known", and what is to be checked about them."""
    read = {key.rpartition(":")[2] for key in decisions.read}
    labels: dict[str, None] = {"": None}
    checks = []
    for extract in extracts:
        for column in extract.columns:
            for text, count in column.missing.items() if not column.personal else ():
                if text.casefold() in PLAINLY_MISSING:
                    labels[text] = None
                elif text not in labels and column.name not in read and _coded(extract, column):
                    value, check = decisions.choose(
                        f"missing:{text}",
                        asks=f'Does {text!r} mean "not known" ({count:,} rows of {column.name!r} in {extract.name})'
                        ", or is it a code?",
                        proposed="not known",
                        options=("not known", "a code"),
                    )
                    labels |= {text: None} if value == "not known" else {}
                    checks += [check] if check else []
    return sorted(labels), checks


def _coded(extract: Extract, column: Column) -> bool:
    """Whether the column is one without dates that the table reads."""
    found = readings(extract)[:1] if column.dates is None else []
    return any(fit.column == column.name for reading in found for fit in reading.roles.values())


def _missing_words(extracts: Sequence[Extract], missing: Sequence[str]) -> list[str]:
    counts = Counter[str]()
    for extract in extracts:
        for column in extract.columns:
            counts.update({text: count for text, count in column.missing.items() if text in missing})
    return (
        [f"Seen: {', '.join(f'{text!r} {count:,} times' for text, count in counts.most_common())}."] if counts else []
    )


def usual_encoding(extracts: Sequence[Extract]) -> str:
    """Of the files that are more than ASCII the most frequent encoding; ASCII fits in all but the wide ones."""
    counts = Counter(extract.encoding for extract in extracts if extract.encoding and not extract.ascii)
    return counts.most_common(1)[0][0] if counts else "utf-8"


def usual_delimiter(extracts: Sequence[Extract]) -> str:
    counts = Counter(extract.delimiter for extract in extracts if extract.delimiter)
    return counts.most_common(1)[0][0] if counts else ","
