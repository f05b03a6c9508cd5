"""The scoreboard as a report: totals beside baselines, predicted against published, and every row with its reason."""

import json
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from ketamind import __version__
from ketamind.evidence.score import Row, Score
from ketamind.provenance import stamped
from ketamind.report.html import Grid, Picture, Section, number, report_html, write_report
from ketamind.report.parts import save_figure
from ketamind.report.style import NEUTRAL, RC, STAGE

COLOURS = {"agree": STAGE["plasticity"], "disagree": STAGE["circuit"]}
OUTCOMES = {"disagree": "Rows that disagree", "agree": "Rows that agree", "not_applicable": "Not applicable"}


def write_score_report(found: Score, folder: Path) -> Path:
    """Write `report.html`, `score.json` and the figure into the folder; returns the report's path."""
    pictures = []
    if any(_both_positive(r) for r in found.rows):
        figure = fold_figure(found.rows)
        save_figure(figure, folder / "predicted-published")
        words = "Levels, exposures, potencies and times: the line is equality, dashed lines are two-fold."
        pictures.append(Picture(figure, words))
    sections = [
        Section("Totals", (_totals(found),), [_counts(found), _measures(found)]),
        Section("Predicted against published", (), pictures),
        *(_rows_section(found.rows, outcome, title) for outcome, title in OUTCOMES.items()),
        _rows_section(found.rows, "failed", "Failed"),
    ]
    (folder / "score.json").write_text(json.dumps(stamped(found.as_json()), indent=1), encoding="utf-8")
    lead = "Every published experiment predicted by the model and judged by the rule of its statistic."
    html = report_html("Scoreboard", lead, sections, f"version {__version__}, seed {found.lab.seed}")
    return write_report(folder / "report.html", html)


def fold_figure(rows: Sequence[Row]) -> Figure:
    """Predicted against published, on logarithmic axes, of all rows judged by fold."""
    with mpl.rc_context(RC):
        figure = Figure(figsize=(4.4, 4.2), layout="constrained")
        axes = figure.subplots()
        for outcome, colour in COLOURS.items():
            chosen = [r for r in rows if r.outcome == outcome and _both_positive(r)]
            axes.scatter(
                [r.experiment.value for r in chosen], [r.predicted or 0.0 for r in chosen], 9, colour, label=outcome
            )
        low, high = axes.get_xlim()
        low = min([r.experiment.value for r in rows if _both_positive(r)], default=low)
        for factor, style in ((0.5, "--"), (1.0, "-"), (2.0, "--")):
            axes.plot([low, high], [factor * low, factor * high], color=NEUTRAL, lw=0.8, ls=style)
        axes.set(xscale="log", yscale="log", xlabel="published, in its own unit", ylabel="predicted")
        axes.legend(frameon=False)
    return figure


def _both_positive(row: Row) -> bool:
    return row.rule == "fold" and row.predicted is not None and row.predicted > 0 and row.experiment.value > 0


def _totals(found: Score) -> str:
    c = found.count(found.rows)
    compared = c["agree"] + c["disagree"]
    return (
        f"{c['agree']} of {compared} experiments that could be compared agree; a guess from the other studies alone "
        f"gets {c['baseline_agree']}. {c['not_applicable']} are not applicable, {c['failed']} failed."
    )


def _counts(found: Score) -> Grid:
    columns = ("total", "agree", "disagree", "baseline_agree", "not_applicable", "failed")
    groups = {**found.grouped(lambda e: e.domain), "all": found.count(found.rows)}
    return Grid(
        ("domain", *(c.replace("_", " ") for c in columns)),
        [[name, *(str(counts[c]) for c in columns)] for name, counts in groups.items()],
    )


def _measures(found: Score) -> Grid:
    told = [[k.replace("_", " "), number(v)] for k, v in found.measures().items() if v is not None]
    return Grid(("measure", "value"), told)


def _rows_section(rows: Sequence[Row], outcome: str, title: str) -> Section:
    chosen = [r for r in rows if r.outcome == outcome]
    grid = Grid(
        ("id", "observable", "statistic", "published", "predicted", "unit", "why"),
        [
            [
                r.experiment.id,
                r.experiment.observable,
                r.experiment.statistic,
                number(r.experiment.value),
                "-" if r.predicted is None else number(r.predicted),
                r.experiment.unit,
                r.reason,
            ]
            for r in chosen
        ],
    )
    return Section(f"{title} ({len(chosen)})", (), (grid,) if chosen else ())
