"""Rival hypotheses as a report: scores with their intervals, the matrix of deciding experiments, and all that part."""

import json
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ketamind import __version__
from ketamind.evidence.experiments import Experiment
from ketamind.provenance import stamped
from ketamind.report.html import Grid, Picture, Section, number, report_html, write_report
from ketamind.report.parts import save_figure
from ketamind.report.style import HAIRLINE, NEUTRAL, RC, SECOND_INK
from ketamind.studies import compare
from ketamind.studies.compare import Column, Comparison, Share, Theme, themes
from ketamind.studies.generated import RENEW

AGREES, DISAGREES = "#1B57B3", "#C04D00"
MARKS = {
    "agree": ("s", AGREES),
    "disagree": ("x", DISAGREES),
    "not_applicable": (".", NEUTRAL),
    "failed": ("1", NEUTRAL),
}
ROW_INCH, HEAD_INCH = 0.165, 1.9
LONGEST_NAME = 76
KEY = "Filled squares agree, crosses disagree, dots are experiments on which a hypothesis says nothing."


def write_compare_report(found: Comparison, folder: Path) -> Path:
    """Write `report.html`, `compare.json` and figures into the folder; returns the report's path."""
    pictures = {"scores": score_figure(found)}
    sections = [Section("Scores", _warnings(found), (Picture(pictures["scores"], SCORE_WORDS), _score_grid(found)))]
    deciding = deciding_rows(found)
    if deciding:
        pictures["deciding"] = matrix_figure(found, deciding)
        caption = "Rows by question, columns by hypothesis."
        sections.append(Section("Deciding experiments", (KEY,), (Picture(pictures["deciding"], caption),)))
        sections += [_theme_section(found, theme) for theme in themes()]
    parting = [(e.domain, e) for e in found.experiments if e.id in set(found.parting)]
    if parting:
        pictures["parting"] = matrix_figure(found, parting)
        words = f"{len(parting)} of {len(found.experiments)} experiments tell these hypotheses apart. {KEY}"
        caption = "Rows by domain, columns by hypothesis."
        sections.append(
            Section("All experiments that tell them apart", (words,), (Picture(pictures["parting"], caption),))
        )
    sections.append(Section("The hypotheses", (), (_accounts(found),)))
    for name, figure in pictures.items():
        save_figure(figure, folder / name)
    (folder / "compare.json").write_text(json.dumps(stamped(found.as_json()), indent=1), encoding="utf-8")
    lead = "Rival accounts of how ketamine relieves depression, each on the same published experiments."
    return write_report(folder / "report.html", report_html("Hypotheses", lead, sections, f"version {__version__}"))


SCORE_WORDS = (
    "Share of experiments that agree; lines are 95 % over studies, since rows of one study are not independent. "
    "Discs: all experiments; diamonds: the deciding ones only."
)


def score_figure(found: Comparison) -> Figure:
    """Each hypothesis with the share of experiments that agree, all and deciding."""
    with mpl.rc_context(RC):
        figure = Figure(figsize=(7.2, 0.34 * len(found.columns) + 0.7), layout="constrained")
        axes = figure.subplots()
        for place, column in enumerate(found.columns):
            _dot(axes, place - 0.14, found.share(column), "o", AGREES)
            _dot(axes, place + 0.14, found.deciding(column), "D", SECOND_INK)
        axes.set_yticks(range(len(found.columns)), [c.hypothesis.title for c in found.columns])
        axes.set(xlim=(0, 1), xlabel="share of experiments that agree", ylim=(len(found.columns) - 0.5, -0.5))
        axes.grid(axis="x")
        axes.tick_params(axis="y", colors=SECOND_INK)
    return figure


def _dot(axes: Axes, place: float, share: Share, marker: str, colour: str) -> None:
    if share.share is None or share.low is None or share.high is None:
        return
    axes.plot([share.low, share.high], [place, place], color=colour, lw=1.2)
    axes.plot([share.share], [place], marker=marker, color=colour, ms=4.5)


def deciding_rows(found: Comparison) -> list[tuple[str, Experiment]]:
    """The deciding experiments with the name of their question."""
    known = {e.id: e for e in found.experiments}
    return [(t.name.replace("_", " "), known[i]) for t in themes() for i in t.experiments if i in known]


def matrix_figure(found: Comparison, rows: Sequence[tuple[str, Experiment]]) -> Figure:
    """Hypothesis by experiment, in groups; how each cell came out by mark and colour."""
    places = _places([group for group, _ in rows])
    with mpl.rc_context(RC):
        figure = Figure(figsize=(7.2, HEAD_INCH + ROW_INCH * (places[-1] + 1)), layout="constrained")
        axes = figure.subplots()
        for outcome, (marker, colour) in MARKS.items():
            at = [
                (x, y)
                for x, column in enumerate(found.columns)
                for y, (_, e) in zip(places, rows, strict=True)
                if found.cell(column, e).outcome == outcome
            ]
            if at:
                size = 6 if marker == "." else 20
                axes.scatter([x for x, _ in at], [y for _, y in at], size, colour, marker=marker, linewidths=1.2)
        _name_rows(axes, rows, places)
        axes.set_xticks(range(len(found.columns)), [c.hypothesis.title for c in found.columns], rotation=40, ha="left")
        axes.xaxis.tick_top()
        axes.set(xlim=(-0.6, len(found.columns) - 0.4), ylim=(places[-1] + 0.7, -1.4))
        axes.tick_params(axis="x", length=0, colors=SECOND_INK)
    return figure


def _places(groups: Sequence[str]) -> list[float]:
    """Vertical places of rows, with room for a title above each group."""
    found, at = [], 0.0
    for place, group in enumerate(groups):
        at += 1.0 if place and groups[place - 1] == group else (2.2 if place else 0.0)
        found.append(at)
    return found


def _name_rows(axes: Axes, rows: Sequence[tuple[str, Experiment]], places: Sequence[float]) -> None:
    axes.set_yticks(places, [_row_name(e) for _, e in rows], fontsize=6.5)
    axes.grid(False)
    for place, (group, _) in zip(places, rows, strict=True):
        axes.axhline(place, color=HAIRLINE, lw=0.5, zorder=0)
        if place == places[0] or group != rows[places.index(place) - 1][0]:
            axes.text(
                -0.02,
                place - 0.9,
                group,
                fontsize=7.5,
                weight="bold",
                ha="right",
                va="center",
                transform=axes.get_yaxis_transform(),
            )


def _row_name(e: Experiment) -> str:
    under = f", {e.manipulation}" if e.manipulation else ""
    words = f"{e.id} = {number(e.value)}: {e.observable} {e.statistic}{under}"
    return words if len(words) <= LONGEST_NAME else f"{words[: LONGEST_NAME - 1]}…"


def _theme_section(found: Comparison, theme: Theme) -> Section:
    known = {e.id: e for e in found.experiments}
    rows = [
        [*_published(known[i]), *(_told(found, c, known[i]) for c in found.columns)]
        for i in theme.experiments
        if i in known
    ]
    grid = Grid(("experiment", "published", *(c.hypothesis.title for c in found.columns)), rows)
    return Section(theme.name.replace("_", " ").capitalize(), (theme.question,), (grid,))


def _published(e: Experiment) -> tuple[str, str]:
    what = f"{e.id} ({e.citation}): {e.observable} {e.statistic}, {e.species}, {e.protocol}"
    what += f", {e.manipulation}" if e.manipulation else ""
    return what, f"{number(e.value)} {e.unit}"


def _told(found: Comparison, column: Column, e: Experiment) -> str:
    cell = found.cell(column, e)
    words = {"agree": "agrees", "disagree": "disagrees", "not_applicable": "silent", "failed": "failed"}[cell.outcome]
    return words if cell.predicted is None else f"{number(cell.predicted)}, {words}"


def _score_grid(found: Comparison) -> Grid:
    validated = compare.cross_validated()
    columns = ["hypothesis", "agree", "of", "share (95 %)", "deciding", "where they part", "chance to beat two pools"]
    rows = []
    for c in found.columns:
        total, deciding, part, beats = found.share(c), found.deciding(c), found.share(c, found.parting), found.beats(c)
        row = [c.hypothesis.title, str(total.agree), str(total.compared), _percent(total)]
        row += [f"{s.agree} of {s.compared}" for s in (deciding, part)]
        row.append("-" if beats is None else f"{100 * beats:.0f} %")
        if validated:
            row.append(number(validated[c.hypothesis.name]["score"]) if c.hypothesis.name in validated else "-")
        rows.append(row)
    return Grid([*columns, "cross-validated score"] if validated else columns, rows)


def _percent(share: Share) -> str:
    if share.share is None or share.low is None or share.high is None:
        return "-"
    return f"{100 * share.share:.0f} % ({100 * share.low:.0f} to {100 * share.high:.0f})"


def _accounts(found: Comparison) -> Grid:
    rows = []
    for c in found.columns:
        h = c.hypothesis
        off = ", ".join(h.without) or "-"
        values = ", ".join(f"{k} = {v:g}" for k, v in h.values.items()) or "-"
        rows.append([h.title, h.account.strip(), off, values, ", ".join(h.sources) or "-"])
    return Grid(("hypothesis", "account", "off", "values", "sources"), rows)


def _warnings(found: Comparison) -> tuple[str, ...]:
    told = []
    if found.stale:
        told.append(f"Older than the numbers it rests on: {', '.join(found.stale)}. {RENEW.format('compare')}")
    if found.unfinished:
        told.append(f"Stopped before: {', '.join(found.unfinished)}.")
    return tuple(told)
