"""The kinds of change that a scenario is made of: each a mechanism with a range, never "this stage times 0.8"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Discriminator

from scenarios.activities import Add, Remove
from scenarios.capacity import Demand, GateChange, Staff
from scenarios.earlier import BringForward
from scenarios.routes import Return, Route
from scenarios.shorter import Shorten

AnyChange = BringForward | Shorten | Add | Remove | Route | Return | GateChange | Staff | Demand
Change = Annotated[AnyChange, Discriminator("type")]
"""A change as a file may state it. Each says what is uncertain in it (`ranges`), what it `touches`, how a pathway looks
with it (`apply`, given a size for each range; a `ChangeError` where it cannot be made), and is `pictured` on one
line."""

KINDS: Mapping[str, type[AnyChange]] = {
    "bring forward": BringForward,
    "shorten": Shorten,
    "add": Add,
    "remove": Remove,
    "route": Route,
    "return": Return,
    "gate": GateChange,
    "staff": Staff,
    "demand": Demand,
}
"""The kinds of change by the word for them in a file."""
