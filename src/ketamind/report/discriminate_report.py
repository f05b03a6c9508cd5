"""The report of a choice between studies: what each hypothesis predicts of each, and what it would tell."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ketamind.report.html import Grid, Picture, Section, number, report_html, write_report
from ketamind.report.parts import save_figure
from ketamind.report.style import INK, NEUTRAL, RC, STAGE
from ketamind.studies.discriminate import SIZES, Discrimination, Verdict

SHOWN = 16
WORDS = (
    "Each study has two groups; its result is the difference of their means, in people of changes from baseline. Each "
    "hypothesis is drawn many times within its doubt, and the result scatters by the spread between subjects and the "
    "error of reading. Bits tell how much of the question a study of that size settles: 0 nothing, 1 all. The size "
    "has 80 % power to put the result outside the rival's central 95 %, whichever hypothesis is true; where there is "
    "none, more subjects do not help, since doubt about parameters lets both hypotheses predict the same. The size if "
    "sure is that of two hypotheses without such doubt. Doubt is that of the ranges of the tables, which includes "
    "brains on which ketamine hardly acts; experiments that narrow these ranges would make studies tell more."
)
COLOURS = (STAGE["circuit"], "#C15000")


def write_discriminate_report(found: Discrimination, folder: Path) -> Path:
    """Write `report.html` and the figure into the folder; returns the report's path."""
    figure = discriminate_figure(found)
    save_figure(figure, folder / "discriminate")
    caption = (
        f"Left: effects that {found.a.title} (blue) and {found.b.title} (orange) predict, 5 to 95 % of draws with the "
        f"middle, in standard deviations of a subject. Right: bits from {found.size} subjects a group."
    )
    sections = [
        Section("Which study tells most", (WORDS,), (Picture(figure, caption), _grid(found))),
        Section("The hypotheses", (_account("A", found, 0), _account("B", found, 1))),
    ]
    if found.left_out:
        sections.append(Section("Left out", (), (Grid(("study", "reason"), found.left_out),)))
    lead = f"{found.a.title} or {found.b.title}: which study would tell?"
    facts = f"{found.draws} draws, {found.people} subjects behind each spread, seed {found.seed}"
    return write_report(folder / "report.html", report_html("Telling hypotheses apart", lead, sections, facts))


def discriminate_figure(found: Discrimination) -> Figure:
    """Predicted effects of the most telling studies under both hypotheses, and the bits of each."""
    shown = found.verdicts[:SHOWN][::-1]
    with mpl.rc_context({**RC, "axes.grid.axis": "x"}):
        figure = Figure(figsize=(8.6, 0.9 + 0.34 * max(len(shown), 1)), layout="constrained")
        effects, bits = figure.subplots(1, 2, width_ratios=(3, 1), sharey=True)
        _effects(effects, shown)
        bits.barh(range(len(shown)), [v.information for v in shown], height=0.55, color=NEUTRAL)
        for y, v in enumerate(shown):
            size = f"n {v.per_arm}" if v.per_arm else f"n > {SIZES[-1]}"
            bits.text(v.information + 0.03, y, size, va="center", fontsize=6.5, color=INK)
        bits.set_xlim(0, 1.35)
        bits.set_xticks([0, 0.5, 1])
        bits.set_title("bits")
        effects.set_yticks(range(len(shown)), [f"{v.study} ({v.species})\n{v.reading}" for v in shown], fontsize=6.5)
    return figure


def _effects(axes: Axes, shown: tuple[Verdict, ...]) -> None:
    axes.axvline(0, color=NEUTRAL, lw=0.8)
    for y, v in enumerate(shown):
        scale = v.sd or 1.0
        sides = ((v.effect_a, v.effect_a_low, v.effect_a_high), (v.effect_b, v.effect_b_low, v.effect_b_high))
        for (middle, low, high), colour, shift in zip(sides, COLOURS, (0.14, -0.14), strict=True):
            axes.plot([low / scale, high / scale], [y + shift] * 2, color=colour, lw=2.2, solid_capstyle="round")
            axes.plot(middle / scale, y + shift, "o", ms=4, color=colour)
    axes.set_title("effect, standard deviations")
    if shown:
        widest = np.nanmax(
            [
                abs(x) / (v.sd or 1)
                for v in shown
                for x in (v.effect_a_low, v.effect_a_high, v.effect_b_low, v.effect_b_high)
            ]
        )
        axes.set_xlim(-1.05 * widest, 1.05 * widest)


def _account(letter: str, found: Discrimination, side: int) -> str:
    h = (found.a, found.b)[side]
    drawn = ", ".join(found.drawn[side]) or "nothing"
    return f"{letter}: {h.title}. {h.account.strip()} In doubt: {drawn}."


def _grid(found: Discrimination) -> Grid:
    columns = ("rank", "study", "reading", "effect under A", "under B", "bits", "size", "if sure", "groups")
    return Grid(
        columns,
        [
            (
                f"{v.rank} ({v.rank_low} to {v.rank_high})",
                f"{v.study} ({v.species})",
                v.reading,
                f"{number(v.effect_a)} ({number(v.effect_a_low)} to {number(v.effect_a_high)})",
                f"{number(v.effect_b)} ({number(v.effect_b_low)} to {number(v.effect_b_high)})",
                f"{v.information:.2f}",
                str(v.per_arm or f"over {SIZES[-1]}"),
                str(v.per_arm_sure or f"over {SIZES[-1]}"),
                f"{v.own} / {v.other}",
            )
            for v in found.verdicts
        ],
    )
