"""The report of the demonstration: both arms against the publication, the chain, what each mechanism contributes."""

from pathlib import Path

from ketamind.report.figures import Point, arms_figure, chain_figure, chain_observables
from ketamind.report.html import Grid, Picture, Section, number, report_html, write_report
from ketamind.report.parts import (
    CHAIN_WORDS,
    caption,
    contributions_section,
    guesses_section,
    points_for,
    provenance_line,
    save_figure,
)
from ketamind.report.style import NEUTRAL, STAGE
from ketamind.simulation import chain_for
from ketamind.studies.demo import Demo
from ketamind.studies.knockouts import knock_out

OBSERVED = chain_observables()
COLOURS = {"ketamine": STAGE["readouts"], "midazolam": NEUTRAL}


def write_demo_report(demo: Demo, folder: Path) -> Path:
    """Write `report.html`, figures and both arms as NetCDF into the folder; returns the report's path."""
    mood = arms_figure(demo.arms, "madrs", _mood_points(demo), COLOURS)
    felt = arms_figure(demo.arms, "cadss", (), COLOURS)
    protocol = demo.trial.protocol(demo.trial.arm("ketamine"))
    points = points_for(demo.arms["ketamine"], protocol, demo.patient)
    chain = chain_figure(demo.arms["ketamine"], ghost=demo.arms["midazolam"], points=points)
    for figure, name in ((mood, "madrs"), (felt, "cadss"), (chain, "chain")):
        save_figure(figure, folder / name)
    for name, run in demo.arms.items():
        run.save(folder / f"{name}.nc")
    count = demo.arms["ketamine"].data.sizes["patient"]
    sections = [
        Section(
            "Simulated and published",
            (
                f"{count} virtual patients in each arm. A simulated trial draws as many of them as the publication "
                "had; the range holds 95 % of such trials. Ratings carry an error of 3 points. No calibration note "
                "names this trial, but its numbers were known when the read-outs were set, a pooled analysis that was "
                "used (Han 2016) may hold it, and the baseline is its own.",
            ),
            (_grid(demo), Picture(mood, "Mood in both arms. Diamonds: published mean change from baseline at 24 h.")),
        ),
        Section("The chain under ketamine", (CHAIN_WORDS,), (Picture(chain, f"Grey: midazolam. {caption(points)}"),)),
        Section("Dissociation", (), (Picture(felt, "Dissociation in both arms."),)),
        contributions_section(knock_out(protocol, patient=demo.patient)),
        guesses_section(chain_for(protocol)),
    ]
    lead = "Ketamine 0.5 mg/kg over 40 min against midazolam 0.045 mg/kg in treatment-resistant depression."
    html = report_html(demo.trial.title, lead, sections, provenance_line(demo.arms["ketamine"]))
    return write_report(folder / "report.html", html)


def _mood_points(demo: Demo) -> tuple[Point, ...]:
    """Published changes, drawn from the simulated baseline of their arm."""
    return tuple(
        Point(
            "madrs",
            float(c.time_h or 0),
            float(demo.arms[c.arm]["madrs"].values[0].mean()) + c.published,
            c.published_half_width,
            c.citation,
            c.arm,
        )
        for c in demo.comparisons
        if c.what == "change of madrs" and not c.versus
    )


def _grid(demo: Demo) -> Grid:
    columns = ("what", "unit", "published", "simulated", "difference", "95 % of simulated trials", "published")
    rows = [
        (
            c.label,
            c.unit,
            number(c.published),
            number(c.simulated),
            number(c.simulated - c.published, 2),
            f"{number(c.low)} to {number(c.high)}",
            "inside" if c.inside else "outside",
        )
        for c in demo.comparisons
    ]
    return Grid(columns, rows)
