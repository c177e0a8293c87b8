"""How often do run-chart rules speak by chance, and how likely are they to show a real change? Tables by simulation.

Prints the false-alarm table and the power table of the methods notes beside the figures there, and the power of the
CUSUM of single children. With --table it prints the table that mining/charts/false_alarms.py stores.

Run: python benchmarks/run_chart_power.py [--table]
"""

from __future__ import annotations

import sys

import numpy as np

from mining.charts import power
from mining.charts.cusum import decision_limit, simulate_paths
from mining.charts.shewhart import stable_false_alarm_rate
from mining.charts.shewhart_rules import Rules
from mining.charts.simulation import RULES, false_alarm_rates, stream

FALSE_ALARMS = {
    12: (1.6, 10.1, 2.9, 12.7, 1.6, 6.9, np.nan),
    16: (6.2, 15.7, 1.9, 21.2, 1.0, 10.8, 0.0),
    20: (10.8, 21.6, 4.0, 31.7, 2.1, 14.6, 11.0),
    24: (15.3, 25.4, 1.9, 37.4, 2.9, 19.1, 21.8),
    36: (30.1, 38.1, 3.1, 56.9, 4.2, 29.6, 42.1),
}
"""Methods notes 6.4 (3,000 charts): shift, trend, runs, any of the three, Anhøj, Making Data Count, frozen shift."""

POWER = {
    (2, 0.25): (1, 11, 20, 34),
    (5, 0.25): (17, 28, 46, 59),
    (10, 0.25): (36, 45, 65, 76),
    (2, 0.4): (3, 21, 36, 54),
    (5, 0.4): (40, 58, 74, 86),
    (10, 0.4): (69, 84, 92, 98),
}
"""Methods notes 6.4: children a month and fall -> per cent detected with 6, 9, 12, 18 months after 12 before."""

CUSUM = {
    (1, 0.25): 30,
    (1, 0.4): 50,
    (2, 0.25): 42,
    (2, 0.4): 76,
    (4, 0.25): 60,
    (4, 0.4): 93,
    (8, 0.25): 81,
    (8, 0.4): 99,
}
"""Methods notes 6.4 [E16]: children a month and fall -> per cent detected within 12 months."""

LENGTHS = (8, 10, 12, 14, 16, 18, 20, 24, 28, 32, 36, 48, 60)
BASELINES = (0, 8, 12, 16, 24)
LATER = (4, 8, 12, 18, 24, 36)
TABLE_RULES = ("shift", "trend", "runs", "any", "Anhøj")


def false_alarms() -> None:
    """The false-alarm table beside the figures of the notes."""
    print("False alarms, per cent of stable charts (in brackets: methods notes)")
    print("points     shift         trend >= 5    runs          any           Anhøj         MDC           frozen shift")
    names = ("shift", "trend", "runs", "any", "Anhøj")
    worst = 0.0
    for points, noted in FALSE_ALARMS.items():
        rates = dict(zip(RULES, false_alarm_rates(points, charts=40_000), strict=True))
        row = [rates[name] for name in names]
        row.append(stable_false_alarm_rate(points, Rules.making_data_count(), charts=40_000))
        row.append(false_alarm_rates(points, 12, charts=40_000)[-1] if points > 12 else np.nan)
        worst = max(worst, float(np.nanmax(np.abs(100 * np.array(row) - noted))))
        print(f"{points:<10} " + "  ".join(f"{100 * a:5.1f} ({b:4.1f})" for a, b in zip(row, noted, strict=True)))
    print(f"largest difference: {worst:.1f} points\n")


def powers() -> None:
    """The power table beside the figures of the notes."""
    print("Power of a shift below the median of 12 months, per cent (in brackets: methods notes)")
    print("a month  fall    6 months    9 months    12 months   18 months")
    gaps = []
    for (per_point, fall), noted in POWER.items():
        found = [power(12, after, per_point=per_point, fall=fall) for after in (6, 9, 12, 18)]
        gaps += [100 * one.detected - figure for one, figure in zip(found, noted, strict=True)]
        cells = "  ".join(f"{100 * one.detected:5.1f} ({b:2d})" for one, b in zip(found, noted, strict=True))
        print(f"{per_point:<8} {fall:<6g}  {cells}")
        if fall == 0.25:
            print(f"{per_point:<8} 0       " + "  ".join(f"{100 * one.false_alarm:5.1f}     " for one in found))
    gap = np.array(gaps)
    close, mean, largest = np.mean(np.abs(gap) <= 2), gap.mean(), np.abs(gap).max()
    print(f"within 2 points: {100 * close:.0f} % of cells; mean difference {mean:.1f}; largest {largest:.1f}\n")


def cusums() -> None:
    """Power of the CUSUM of single children, beside the figures of the notes."""
    print("Power of the CUSUM of single children, 12 months before and 12 after, false alarm 10 % (in brackets: notes)")
    for per_point in (1, 2, 4, 8):
        children = 12 * per_point
        limit = decision_limit(children, children)
        cells = []
        for fall in (0.25, 0.4):
            paths = simulate_paths(stream(1, "power"), children, children, charts=10_000, moved=-np.log(1 - fall) / 0.8)
            cells.append(f"{100 * np.mean(paths > limit):5.1f} ({CUSUM[per_point, fall]})")
        print(f"{per_point} a month: limit {limit:5.2f}; fall 25 % {cells[0]}; fall 40 % {cells[1]}")


def table() -> None:
    """The rows that mining/charts/false_alarms.py stores: baseline, later points, per cent for each rule."""
    pairs: list[tuple[int | None, int]] = [(None, length) for length in LENGTHS]
    pairs += [
        (baseline, baseline + later) for baseline in BASELINES for later in ((*LATER, 48) if baseline else LENGTHS)
    ]
    for baseline, points in pairs:
        rates = np.mean([false_alarm_rates(points, baseline, charts=20_000, seed=seed) for seed in range(10)], axis=0)
        named = dict(zip(RULES, rates, strict=True))
        cells = ", ".join(f"{100 * named[name]:.1f}" for name in TABLE_RULES)
        later = points if baseline is None else points - baseline
        print(f"    ({-1 if baseline is None else baseline}, {later}, {cells}),", flush=True)


if __name__ == "__main__":
    if "--table" in sys.argv:
        table()
    else:
        false_alarms()
        powers()
        cusums()
