"""A prediction as a file: readable, dated, with a digest of itself, and never written over.

JSON: first what a person reads (points with their limits, power), last the draws, one line each. The digest is that of
everything else in the file, so that a figure changed afterwards shows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from event_logs.errors import InputError, Problem
from event_logs.project.fields import nearest
from scenarios.predicted import Prediction

FOLDER = "predictions"
_DIGEST = "sha256"
_DRAWS = ("change_draws", "no_change_draws", "sizes")
_AGAIN = "Save a new prediction under another name or with a later extract"


@cache
def _adapter() -> TypeAdapter[Prediction]:
    return TypeAdapter(Prediction)


def prediction_schema() -> dict[str, Any]:
    """JSON Schema of the file."""
    schema = _adapter().json_schema()
    schema["title"] = "A prediction of permanence, saved before a test of change"
    schema["properties"][_DIGEST] = {"type": "string", "description": "SHA-256 of the rest of the file"}
    schema["required"] = [*schema["required"], _DIGEST]
    schema["additionalProperties"] = False
    return schema


def prediction_text(prediction: Prediction) -> str:
    """The file's text; the same prediction gives the same bytes."""
    content = asdict(prediction)
    return _text({**content, _DIGEST: _digest(content)})


def file_name(prediction: Prediction) -> str:
    """NAME-DATE.json."""
    return f"{prediction.name}-{prediction.date}.json"


def write_prediction(prediction: Prediction, folder: Path) -> tuple[Path, bool]:
    """Save a prediction; returns its file, and whether it is new rather than there already, the same to the last digit.

    Raises InputError when another prediction of that name and date is there: what was predicted is never changed
    afterwards.
    """
    path = folder / file_name(prediction)
    text = prediction_text(prediction)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # "x": never over a file that is there, even if it came a moment ago.
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            return path, False
        problem = "another prediction of this scenario and date is there, and a prediction is never changed"
        remedy = "Keep it, or move it elsewhere by hand if it was only a trial"
        raise InputError(Problem(str(path), "", problem, remedy)) from None
    except OSError as error:
        problem = f"the prediction cannot be written ({(error.strerror or str(error)).lower()})"
        raise InputError(Problem(str(path), "", problem, "Check the folder's permissions")) from None
    return path, True


def read_prediction(path: Path) -> Prediction:
    """The prediction in a file; InputError for no such file, one that is no prediction, and one changed since."""
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise InputError(Problem(str(path), "", "there is no such prediction", _AGAIN)) from None
    except (OSError, ValueError):
        raise InputError(Problem(str(path), "", "it cannot be read as a prediction", _AGAIN)) from None
    if not isinstance(content, dict) or "judge_by" not in content:
        raise InputError(Problem(str(path), "", "it is not a prediction", "Name a file of the folder predictions"))
    kept = content.pop(_DIGEST, "")
    if kept != _digest(content):
        problem = "it has been changed since it was saved: its figures no longer match its digest"
        raise InputError(Problem(str(path), _DIGEST, problem, "Put the file back as it was saved"))
    try:
        return _adapter().validate_python(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        problem = f"it was saved by another version of this program ({first['msg'].lower()})"
        raise InputError(Problem(str(path), place, problem, "Use the version named in it, or predict again")) from None


def find_prediction(folder: Path, name: str = "") -> Path:
    """The prediction meant by a name: a file, a file's name with or without ending, or a scenario's name.

    Of several with one scenario's name the latest. Without a name the only prediction there. InputError names the
    nearest where there is none, and all where it is not clear which.
    """
    there = {path.stem: path for path in sorted(folder.glob("*.json"))}
    if name and Path(name).is_file():
        return Path(name)
    wanted = name.removesuffix(".json")
    if wanted in there:
        return there[wanted]
    dated = [stem for stem in there if stem[:-11] == wanted]
    if wanted and dated:
        return there[max(dated)]
    listed = ", ".join(there) or "none"
    if not wanted and len(there) == 1:
        return next(iter(there.values()))
    if not there:
        remedy = "Save one before the test of change: permanence compare PROJECT --predict NAME"
        raise InputError(Problem(str(folder), "", "no prediction has been saved for this project", remedy))
    if not wanted:
        raise InputError(Problem(str(folder), "", f"which prediction is meant? There are: {listed}", "Name one"))
    near = nearest(wanted, list(there), 1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    remedy = f"{hint}There are: {listed}"
    raise InputError(Problem(str(folder), "", f"there is no prediction {name!r}", remedy[:1].upper() + remedy[1:]))


def _digest(content: Mapping[str, Any]) -> str:
    plain = json.dumps(content, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def _text(content: Mapping[str, Any]) -> str:
    """JSON with a line for each value, but a line for each draw."""
    charts = content["charts"]
    draws = {f"\ue000{place}{name}": chart[name] for place, chart in enumerate(charts) for name in _DRAWS[:2]}
    draws |= {"\ue000sizes": content["sizes"]}
    named = [{**chart, **{n: f"\ue000{place}{n}" for n in _DRAWS[:2]}} for place, chart in enumerate(charts)]
    text = json.dumps({**content, "charts": named, "sizes": "\ue000sizes"}, indent=1, ensure_ascii=False)
    for mark, rows in draws.items():
        lines = ",\n".join(f"   {json.dumps(row)}" for row in rows)
        text = text.replace(f'"{mark}"', f"[\n{lines}\n  ]")
    return text + "\n"
