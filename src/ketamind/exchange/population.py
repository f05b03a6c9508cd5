"""Samples of people in event tables: what `ketamind fit` reads, and tables written from samples.

Carried: each subject's doses, samples (DV with what and in which unit), weight and age. Set aside, and told: samples
below the limit of quantification or not above 0, samples without a value, covariates that the model does not know.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ketamind.biology.pharmacokinetics import molar_mass
from ketamind.declare.units import convert
from ketamind.errors import KetamindError
from ketamind.exchange.events import COLUMNS, dose_rows, protocols, repr_number, together, write_text
from ketamind.exchange.tables import EventTable, Record, read_table, write_rows
from ketamind.protocols import Protocol
from ketamind.studies.fit import Subject

SAMPLED = {
    1: "venous_ketamine",
    11: "arterial_ketamine",
    12: "venous_norketamine",
    13: "arterial_norketamine",
    14: "venous_s_ketamine",
    15: "venous_r_ketamine",
    16: "venous_hydroxynorketamine",
}
"""CMT of samples without a name, and what they then are, in a table with samples of several compartments."""

ROWS = {"WT": "patient.weight", "AGE": "patient.age"}
MASS_UNITS = {"ng/ml": 1.0, "ug/l": 1.0, "ug/ml": 1e3, "mg/l": 1e3}
"""Mass concentrations in ng/mL."""


def read_people(
    path: "str | Path",
    *,
    observable: str = "venous_ketamine",
    unit: str = "",
    drug: str = "ketamine",
    route: str = "iv",
) -> tuple[tuple[Subject, ...], tuple[str, ...]]:
    """The subjects of a CSV file that have a dose and a sample, and what was set aside.

    `observable` and `unit` are those of samples that name none (uM without either). Raises BadFile naming file and
    line.
    """
    return people(read_table(path), observable=observable, unit=unit, drug=drug, route=route)


def people(
    table: EventTable, *, observable: str = "venous_ketamine", unit: str = "", drug: str = "ketamine", route: str = "iv"
) -> tuple[tuple[Subject, ...], tuple[str, ...]]:
    """The subjects of a table. Raises BadFile naming the line."""
    given = protocols(table, drug=drug, route=route)
    sampled = {r.number("CMT") for r in table.records if r.evid == 0 and "CMT" in r.numbers}
    found, aside, nobody = [], 0, 0
    for name, rows in table.groups().items():
        samples = [r for r in rows if r.evid == 0 and r.number("MDV") != 1 and "DV" in r.numbers]
        kept = [r for r in samples if r.number("DV") > 0 and not _below(r)]
        aside += len(samples) - len(kept)
        if not kept or not given[name].protocol.doses:
            nobody += 1
            continue
        found.append(_subject(table, rows, kept, given[name].protocol, (observable, unit, len(sampled) > 1)))
    losses = [f"{aside} samples at or below the limit of quantification"] if aside else []
    losses += [f"{nobody} subjects without a dose or a sample"] if nobody else []
    return tuple(found), (*losses, *together(given.values()), *_unknown(table))


def _below(row: Record) -> bool:
    return row.text("BLQFL").upper() == "Y" or row.number("BLQFN") == 1


def _subject(
    table: EventTable,
    rows: Sequence[Record],
    samples: Sequence[Record],
    protocol: Protocol,
    usual: tuple[str, str, bool],
) -> Subject:
    """One subject; `usual` is the observable and unit of samples that name none, and whether CMT tells them apart."""
    observable, unit, by_compartment = usual
    names = tuple(_observable(table, r, observable, by_compartment) for r in samples)
    values = {row: rows[0].covariates[c] for c, row in ROWS.items() if c in rows[0].covariates}
    concentrations = tuple(_micromolar(table, r, n, unit) for r, n in zip(samples, names, strict=True))
    return Subject(rows[0].id, protocol, values, tuple(r.time_h for r in samples), names, concentrations)


def _observable(table: EventTable, row: Record, usual: str, by_compartment: bool) -> str:
    given = row.text("DVNAME").lower()
    if given and not given.isdigit():
        return given if given.startswith(("venous_", "arterial_")) else f"venous_{given}"
    if "CMT" not in row.numbers or not by_compartment:
        return usual
    number = int(row.number("CMT"))
    if number not in SAMPLED:
        known = ", ".join(f"{n} {o}" for n, o in SAMPLED.items())
        raise table.fault(
            row, f"CMT {number} is not a compartment that is sampled; known: {known}. Or name it: DVNAME."
        )
    return SAMPLED[number]


def _micromolar(table: EventTable, row: Record, observable: str, usual: str) -> float:
    unit = row.text("DVU") or usual or "uM"
    scale = MASS_UNITS.get(unit.lower())
    try:
        if scale is not None:
            return row.number("DV") * scale / molar_mass(observable.partition("_")[2])
        return convert(row.number("DV"), {"nmol/l": "nM", "umol/l": "uM"}.get(unit.lower(), unit), "uM")
    except KetamindError as problem:
        raise table.fault(
            row, f"DVU '{unit}' of {observable}: {problem} Known: uM, nM, {', '.join(MASS_UNITS)}."
        ) from None


def _unknown(table: EventTable) -> tuple[str, ...]:
    names = sorted({c for r in table.records for c in r.covariates} - {*ROWS, "ARMN", "SHARE"})
    return (f"covariates that the model does not know: {', '.join(names)}",) if names else ()


def people_to_events(subjects: Iterable[Subject], path: "str | Path | None" = None, names: str = "nonmem") -> str:
    """Subjects and their samples as the text of an event table, also written to `path` if given."""
    rows: list[Mapping[str, str]] = []
    for subject in subjects:
        weight = subject.values.get("patient.weight", 70.0)
        own = {"AGE": repr_number(subject.values["patient.age"])} if "patient.age" in subject.values else {}
        doses = dose_rows(subject.protocol, subject.id, weight)
        samples = [
            _sample_row(subject.id, weight, *sample)
            for sample in zip(subject.times_h, subject.observables, subject.concentrations, strict=True)
        ]
        rows += [row | own for row in sorted(doses + samples, key=lambda row: float(row["TIME"]))]
    columns = (*COLUMNS, "AGE") if any("AGE" in row for row in rows) else COLUMNS
    text = write_rows(rows, columns, names)
    if path is not None:
        write_text(path, text)
    return text


def _sample_row(subject: str, weight: float, time_h: float, observable: str, uM: float) -> dict[str, str]:
    return {
        "ID": subject,
        "TIME": repr_number(time_h),
        "EVID": "0",
        "MDV": "0",
        "DV": f"{uM:.5g}",
        "WT": repr_number(weight),
        "DVNAME": observable,
        "DVU": "uM",
    }
