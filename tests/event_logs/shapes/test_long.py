"""Long tables: a row an event, with or without an episode id, beside tables and trackers."""

from __future__ import annotations

import pandas as pd

from event_logs import vocabulary as v

from .conftest import Derive, rows

LONG = """
[[events]]
file = "events.csv"
child = "id"
birth = "dob"
activity = "what"
date = "when"
attributes = { team = "team" }
[events.codes]
"LAC start" = "Became looked after"
"LAC end" = "Ceased to be looked after"
"Review" = "LAAC review"
"Panel" = "Permanence panel"
"Phone call" = ""
"""
LONG_CSV = """\
id,dob,what,when,team
1001,29/02/2016,LAC start,01/03/2020,North
1001,29/02/2016,Panel,06/10/2020,North
1001,29/02/2016,LAC end,01/02/2021,North
1001,29/02/2016,LAC start,01/02/2021,North
1001,29/02/2016,Review,15/03/2021,North
0042,10/06/2010,Review,05/01/2021,South
0042,10/06/2010,Phone call,06/01/2021,South
0042,10/06/2010,LAC start,10/01/2021,South
"""


def test_episodes_of_one_child_by_hand(derive_files: Derive) -> None:
    found = derive_files(LONG, {"events.csv": LONG_CSV})
    assert rows(found) == [
        ("0042-1", v.REVIEW, "2021-01-05"),
        ("0042-1", v.BECAME_LOOKED_AFTER, "2021-01-10"),
        ("1001-1", v.BECAME_LOOKED_AFTER, "2020-03-01"),
        ("1001-1", v.PANEL, "2020-10-06"),
        ("1001-1", v.CEASED, "2021-02-01"),
        ("1001-2", v.BECAME_LOOKED_AFTER, "2021-02-01"),
        ("1001-2", v.REVIEW, "2021-03-15"),
    ]
    cases = found.log.cases.set_index("case")
    assert cases["child"].tolist() == ["0042", "1001", "1001"]
    assert cases["episode_number"].tolist() == [1, 1, 2]
    assert found.ledger["used"].tolist() == [8]


def test_order_of_rows_does_not_matter(derive_files: Derive) -> None:
    expected = rows(derive_files(LONG, {"events.csv": LONG_CSV}))
    header, *lines = LONG_CSV.splitlines()
    assert rows(derive_files(LONG, {"events.csv": "\n".join([header, *reversed(lines), ""])})) == expected


def test_an_attribute_told_in_two_ways_is_told(derive_files: Derive) -> None:
    found = derive_files(LONG, {"events.csv": LONG_CSV.replace("06/10/2020,North", "06/10/2020,West")})
    (told,) = found.reconciled.to_dict("records")
    assert (told["what"], told["case"], told["kept"], told["other"]) == ("team", "1001-1", "North", "West")
    assert (told["kept_line"], told["other_line"]) == (2, 3)


def test_long_table_with_episode_ids_beside_a_tracker(derive_files: Derive) -> None:
    long = """
[[events]]
file = "events.csv"
case = "episode"
activity = "what"
date = "when"
[events.codes]
"Review" = "LAAC review"
"Panel" = "Permanence panel"
"""
    tracker = """
[[trackers]]
file = "tracker.csv"
case = "episode"
child = "child"
start = "start"
[trackers.columns]
"panel" = "Permanence panel"
"""
    files = {
        "tracker.csv": "episode,child,start,panel\nE1,C1,01/03/2020,06/10/2020\nE2,C1,01/03/2021,\n",
        "events.csv": "episode,what,when\nE1,Review,10/04/2020\nE1,Review,10/04/2020\nE1,Panel,06/10/2020\n"
        "E2,Panel,05/10/2021\n",
    }
    found = derive_files(tracker + long, files)
    assert [event for event in rows(found) if event[1] != v.BECAME_LOOKED_AFTER] == [
        ("E1", v.REVIEW, "2020-04-10"),
        ("E1", v.PANEL, "2020-10-06"),
        ("E2", v.PANEL, "2021-10-05"),
    ]
    assert found.log.cases["child"].tolist() == ["C1", "C1"]
    assert found.reconciled.loc[found.reconciled["what"] != "child"].empty
    assert found.log.cases["start"].tolist() == [pd.Timestamp("2020-03-01"), pd.Timestamp("2021-03-01")]


def test_an_unknown_label_is_quarantined_with_the_nearest(derive_files: Derive) -> None:
    found = derive_files(LONG, {"events.csv": LONG_CSV + "1001,29/02/2016,Reviews,01/05/2021,North\n"})
    assert found.quarantine["reasons"].tolist() == ["what: unknown code 'Reviews', the nearest known is 'Review'"]
