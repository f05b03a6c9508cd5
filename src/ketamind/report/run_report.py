"""The report of a run: the chain on one time axis, the numbers, what each mechanism contributes, what is guessed."""

from pathlib import Path

from ketamind.protocols import Patient, parse_protocol
from ketamind.report.figures import chain_figure
from ketamind.report.html import Picture, Section, report_html, write_report
from ketamind.report.parts import (
    CHAIN_WORDS,
    caption,
    contributions_section,
    guesses_section,
    numbers_grid,
    points_for,
    provenance_line,
    save_figure,
)
from ketamind.simulation import Run, chain_for
from ketamind.studies.knockouts import knock_out
from ketamind.studies.summary import Summary


def write_run_report(run: Run, summary: Summary, folder: Path) -> Path:
    """Write `report.html`, `chain.svg`, `chain.png` and `run.nc` into the folder; returns the report's path."""
    facts = run.provenance
    protocol = parse_protocol(facts["protocol"])
    patient = Patient.parse(facts["patient"])
    points = points_for(run, protocol, patient)
    figure = chain_figure(run, points=points)
    save_figure(figure, folder / "chain")
    run.save(folder / "run.nc")
    sections = [
        Section("The chain, from minutes to weeks", (CHAIN_WORDS,), (Picture(figure, caption(points)),)),
        Section("Numbers", (), (numbers_grid(summary),)),
    ]
    if protocol.doses:
        sections.append(contributions_section(knock_out(protocol, patient=patient)))
    sections.append(guesses_section(chain_for(protocol, patient.species)))
    who = facts["patient"] or "a typical depressed patient"
    lead = f"{facts['patients']} simulated: {who}." if facts["patients"] > 1 else f"One patient: {who}."
    return write_report(folder / "report.html", report_html(facts["protocol"], lead, sections, provenance_line(run)))
