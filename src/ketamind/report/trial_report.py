"""The report of a trial: its endpoints, its publication beside it, figures, and all numbers as a file."""

import json
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from ketamind.errors import BadFile
from ketamind.provenance import stamped
from ketamind.report.html import Grid, Picture, Section, number, report_html, write_report
from ketamind.report.parts import save_figure
from ketamind.report.trial_figures import forest_figure, power_figure, relapse_figure, visits_figure
from ketamind.studies.blinding import Blinding
from ketamind.studies.trials import TrialReport
from ketamind.trials.trial import ESTIMANDS

RESULT = "result.json"


def write_trial_report(report: TrialReport, folder: Path) -> Path:
    """Write `report.html`, `result.json` and the figures into the folder; returns the report's path."""
    figures = _figures(report)
    for name, (figure, _) in figures.items():
        save_figure(figure, folder / name)
    _write_json(report, folder / RESULT)
    pictures = [Picture(figure, caption) for figure, caption in figures.values()]
    sections = [
        Section("Endpoints", (_how(report),), (_endpoints(report),)),
        *(
            (Section("Beside the publication", (_beside(report),), (_comparisons(report),)),)
            if report.comparisons
            else ()
        ),
        *(_blinding(report.blinding) if report.blinding else ()),
        Section("Figures", (), pictures),
        Section("What was simulated", (report.trial.note,) if report.trial.note else (), (_arms(report),)),
    ]
    lead = f"{report.outcome.patients} virtual patients. Estimand: {ESTIMANDS[report.trial.estimand]}."
    html = report_html(report.trial.title, lead, sections, f"trial {report.trial.name}, seed {report.outcome.seed}")
    return write_report(folder / "report.html", html)


def _blinding(found: Blinding) -> tuple[Section]:
    rows = [(name, number(c.simulated), f"{number(c.low)} to {number(c.high)}") for name, c in found.by.items()]
    words = (
        "The primary difference of the same patients, when nothing of the drug is felt and when nothing is expected."
    )
    columns = ("blinding", "simulated difference", "95 % of trials of the published size")
    return (Section("Blinding", (words, found.verdict()), (Grid(columns, rows),)),)


def _figures(report: TrialReport) -> dict[str, tuple[Figure, str]]:
    found = {
        f"visits_{s}": (
            visits_figure(report, s),
            "Lines: means of all virtual patients. Published changes are drawn from the simulated baseline.",
        )
        for s in report.trial.scales
    }
    if report.comparisons:
        words = "Blue: inside. Red: outside. A star: the number served to calibrate a parameter."
        found["forest"] = (forest_figure(report.comparisons), words)
    if report.analysis.curves:
        found["relapse"] = (relapse_figure(report), "Of the patients who were well when the clock started.")
    if report.analysis.power:
        found["power"] = (power_figure(report), "Welch's test in trials drawn from the virtual patients.")
    return found


def _write_json(report: TrialReport, path: Path) -> None:
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(json.dumps(stamped(report.as_json()), indent=2, allow_nan=False) + "\n", encoding="utf-8")
        part.replace(path)
    except OSError as problem:
        raise BadFile(f"cannot write '{path}': {problem.strerror or problem}. Choose another folder.") from None


def _how(report: TrialReport) -> str:
    means = "paired differences" if report.trial.design == "crossover" else "the mixed model for repeated measures"
    return f"With 95 % intervals over the virtual patients; changes between arms by {means}, of the ratings taken."


def _beside(report: TrialReport) -> str:
    inside = sum(c.inside for c in report.comparisons)
    outside = [c.label for c in report.comparisons if c.primary and not c.inside]
    primary = f" The primary result lies outside: {'; '.join(outside)}." if outside else ""
    return (
        f"The range holds 95 % of simulated trials of the published size; {inside} of {len(report.comparisons)} "
        f"published numbers lie inside.{primary} It covers the chance of drawing patients and ratings, "
        + (
            f"and the doubt that {report.ensemble} draws of parameters stand for."
            if report.ensemble
            else "not the doubt about parameters."
        )
    )


def _endpoints(report: TrialReport) -> Grid:
    rows = [
        (
            e.what,
            f"{e.arm} against {e.versus}" if e.versus else e.arm,
            number(e.value) if np.isfinite(e.value) else "not reached",
            f"{number(e.low)} to {number(e.high)}" if np.isfinite(e.low) else "",
            e.unit,
            str(e.n),
            e.method,
        )
        for e in report.analysis.estimates
    ]
    return Grid(("endpoint", "arm", "value", "95 % interval", "unit", "patients", "method"), rows)


def _comparisons(report: TrialReport) -> Grid:
    rows = [
        (
            c.label,
            c.unit,
            number(c.published),
            number(c.simulated) if np.isfinite(c.simulated) else "not reached",
            f"{number(c.low)} to {number(c.high)}" if np.isfinite(c.low) else "",
            ("primary, " if c.primary else "") + ("inside" if c.inside else "outside"),
            "yes" if c.calibrated_on else "",
            c.citation,
        )
        for c in report.comparisons
    ]
    names = ("what", "unit", "published", "simulated", "95 % of trials", "published", "calibrated on", "source")
    return Grid(names, rows)


def _arms(report: TrialReport) -> Grid:
    rows = [
        (name, report.trial.protocol(a.arm).words(), a.arm.kind, str(a.arm.n), str(a.patients), str(a.withdrawn))
        for name, a in report.data.arms.items()
    ]
    return Grid(("arm", "given", "kind", "published n", "virtual patients", "left early"), rows)
