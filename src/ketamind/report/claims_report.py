"""The claims as a report: what each needs, what was seen with and without, the verdict, papers for and against."""

import json
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ketamind import __version__
from ketamind.provenance import stamped
from ketamind.report.html import Grid, Picture, Section, number, report_html, write_report
from ketamind.report.parts import save_figure
from ketamind.report.style import NEUTRAL, RC, STAGE, time_axis
from ketamind.studies.claim_files import domain_of
from ketamind.studies.claim_tests import Curve, Shown
from ketamind.studies.claims import CONTRADICTED, SOME, Claims, Finding, Verdict
from ketamind.studies.generated import RENEW

COLUMNS = 3
LOWEST_BATH_UM = 0.1


def write_claims_report(found: Claims, folder: Path) -> Path:
    """Write `report.html`, `claims.json` and a figure a claim into the folder; returns the report's path."""
    sections = [Section("Verdicts", _warnings(found), (_overview(found.verdicts),))]
    for verdict in found.verdicts:
        parts: list[Picture | Grid] = []
        if verdict.curves:
            figure = curves_figure(verdict.curves)
            save_figure(figure, folder / verdict.claim.id)
            parts.append(Picture(figure, _caption(verdict.curves[0])))
        sections.append(_section(verdict, parts))
    (folder / "claims.json").write_text(json.dumps(stamped(found.as_json()), indent=1), encoding="utf-8")
    lead = "What was said of ketamine, in the order in which it was said, put to the model and to the literature."
    return write_report(folder / "report.html", report_html("Claims", lead, sections, f"version {__version__}"))


def curves_figure(curves: Sequence[Curve]) -> Figure:
    """Each quantity of a claim's scene: as it is (coloured) and under the control (grey, dashed)."""
    rows = -(-len(curves) // COLUMNS)
    with mpl.rc_context(RC):
        figure = Figure(figsize=(7.2, 1.6 * rows + 0.3), layout="constrained")
        grid = np.atleast_1d(figure.subplots(rows, COLUMNS, squeeze=False)).ravel()
        for axes, curve in zip(grid, curves, strict=False):
            _draw(axes, curve)
        for axes in grid[len(curves) :]:
            axes.set_visible(False)
    return figure


def _draw(axes: Axes, curve: Curve) -> None:
    if curve.control is not None:
        axes.plot(curve.x, curve.control, color=NEUTRAL, lw=1.2, ls="--")
    stage = domain_of(curve.observable)
    axes.plot(curve.x, curve.shown, color=STAGE["readouts" if stage == "clinical" else stage], lw=1.6)
    unit = {"1": "", "uM": ", µM"}.get(curve.unit, f", {curve.unit}")
    axes.set_title(f"{curve.observable.replace('_', ' ')}{unit}")
    axes.locator_params(axis="y", nbins=4)
    axes.margins(y=0.08)
    if curve.x_unit == "h":
        time_axis(axes, curve.x[-1], labels=True, crowded=True)
    else:
        axes.set_xscale("symlog", linthresh=LOWEST_BATH_UM)
        axes.set(xlabel=curve.x_unit.replace("uM", "µM"), xlim=(0, curve.x[-1]))


def _caption(curve: Curve) -> str:
    told = f"Coloured: {curve.shown_label}."
    return f"{told} Grey, dashed: {curve.control_label}." if curve.control is not None else told


def _overview(verdicts: Sequence[Verdict]) -> Grid:
    rows = [[v.claim.timestamp or "-", v.claim.claim, verdict_words(v), *_counts(v)] for v in verdicts]
    return Grid(("at", "claim", "verdict", "studies for", "against"), rows)


def _counts(v: Verdict) -> tuple[str, str]:
    return str(len(v.studies_for)), str(len(v.studies_against))


def verdict_words(v: Verdict) -> str:
    """The verdict with what it rests on."""
    if v.verdict == SOME:
        return f"{SOME}: {', '.join(v.holders)}"
    if v.verdict == CONTRADICTED:
        return f"{CONTRADICTED}: {'; '.join(v.contradicted_by)}"
    return v.verdict


def _section(v: Verdict, pictures: Sequence[Picture | Grid]) -> Section:
    c = v.claim
    words = [
        f"Verdict: {verdict_words(v)}.",
        f"Must be seen: {c.must_show}.",
        *([f"Must take it away: {c.must_abolish}."] if c.must_abolish.strip("-") else []),
        *([f"Silent: {', '.join(v.silent)}."] if v.silent else []),
    ]
    parts: list[Picture | Grid] = [*pictures, _checks(v.shown), _rivals(v)]
    if v.parts:
        parts.append(_decomposition(v))
    if v.findings:
        parts.append(_papers((*v.favour, *v.against)))
    title = f"{c.timestamp}  {c.claim}" if c.timestamp else c.claim
    return Section(title, words, parts)


def _checks(shown: Sequence[Shown]) -> Grid:
    rows = []
    for s in shown:
        value = "no number" if s.seen.size is None else f"{number(s.seen.size)} {s.unit}"
        control = s.control_words() or "-"
        as_needed = "-" if s.check.control is None else ("yes" if s.abolished else "no")
        rows.append([s.check.says, value, s.check.needed, "yes" if s.holds else "no", control, as_needed])
    return Grid(("what must be seen", "seen", "needs", "so", "control", "as it must"), rows)


def _rivals(v: Verdict) -> Grid:
    rows = [[name, "shows it" if name in v.holders else "does not", _missed(shown)] for name, shown in v.tested.items()]
    return Grid(("hypothesis", "outcome", "what fails"), rows)


def _missed(shown: Sequence[Shown]) -> str:
    return "; ".join(s.check.says if not s.holds else s.control_words() for s in shown if not s.passes) or "-"


def _decomposition(v: Verdict) -> Grid:
    rows = [
        [
            p.at,
            " and ".join(p.without),
            number(p.effect),
            f"{number(p.lost)} ({number(p.low)} to {number(p.high)})",
            "-" if p.interaction is None else number(p.interaction),
        ]
        for p in v.parts
    ]
    return Grid(("time", "off", "effect, points", "lost without (95 % over patients)", "beyond the sum"), rows)


def _papers(findings: Sequence[Finding]) -> Grid:
    rows = []
    for f in findings:
        e = f.experiment
        what = f"{e.observable} {e.statistic}{', ' + e.manipulation if e.manipulation else ''}, {e.species}"
        reproduced = ", ".join(f.reproduced_by) if f.missed_by else "all"
        rows.append(
            [
                "for" if f.supports else "against",
                e.citation,
                what,
                f"{number(e.value)} {e.unit}",
                e.verified,
                reproduced or "none",
            ]
        )
    return Grid(("speaks", "paper", "finding", "published", "how known", "reproduced by"), rows)


def _warnings(found: Claims) -> tuple[str, ...]:
    told = []
    if found.stale:
        told.append(f"Older than the numbers it rests on: {', '.join(found.stale)}. {RENEW.format('claims')}")
    if found.unfinished:
        told.append(f"Stopped before: {', '.join(found.unfinished)}.")
    return tuple(told)
