"""What `ketamind export` and `ketamind import` do: which format a request means, and what a file holds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ketamind.errors import BadFile, BadValue, unknown_name
from ketamind.exchange.events import to_events
from ketamind.protocols import Protocol, parse_population
from ketamind.simulation.who import protocol_from

FORMATS = {
    "events": "event table of a protocol or trial (CSV, NONMEM or CDISC ADPPK names)",
    "sbml": "the chain and its doses for one typical patient (SBML Level 3 Version 2)",
    "omex": "COMBINE archive with SED-ML: of a protocol, or of the flagship simulations without one",
    "petab": "the calibration of ketamine's pharmacokinetics (PEtab 1, a folder)",
}


@dataclass(frozen=True)
class Export:
    """What is to be written, how and where."""

    protocol: str
    kind: str
    out: Path | None
    trial: str = ""
    patient: str = ""
    days: float = 14.0
    without: tuple[str, ...] = ()
    manipulation: str = ""
    observe: tuple[str, ...] = ()
    weight_kg: float = 70.0
    columns: str = "nonmem"
    at: str = "40 min"
    cells: int = 1000
    seconds: float = 3.0
    seed: int = 1

    @property
    def given(self) -> Protocol:
        """The protocol. Raises BadValue if none was given."""
        if not self.protocol:
            raise BadValue(f"'--format {self.kind}' needs a protocol, such as `0.5 mg/kg ketamine iv over 40 min`.")
        return protocol_from(self.protocol)

    @property
    def place(self) -> Path:
        """Where to write. Raises BadValue if nowhere was said."""
        if self.out is None:
            raise BadValue(f"'--format {self.kind}' needs --out, the file to write.")
        return self.out


def perform(request: Export) -> dict[str, Any]:
    """Write what was asked for; returns what was written and what could not be carried. Raises KetamindError."""
    if request.kind not in WRITERS:
        raise unknown_name(request.kind, "a format to export", WRITERS)
    place = request.place
    return {"written": str(place), "format": request.kind, "not_carried": list(WRITERS[request.kind](request))}


def _events(request: Export) -> tuple[str, ...]:
    if not request.trial:
        to_events(request.given, request.place, weight_kg=request.weight_kg, names=request.columns)
        return ()
    from ketamind.exchange.trial_events import NOT_CARRIED, trial_to_events
    from ketamind.trials import load_trial

    trial_to_events(load_trial(request.trial), request.place, weight_kg=request.weight_kg, names=request.columns)
    return NOT_CARRIED


def _sbml(request: Export) -> tuple[str, ...]:
    from ketamind.exchange.sbml import to_sbml

    to_sbml(
        request.given,
        request.place,
        patient=parse_population(request.patient) if request.patient else None,
        days=request.days,
        without=request.without,
        manipulation=request.manipulation,
        observe=request.observe,
    )
    return ("ranges, spread and sources of parameters", "populations")


def _omex(request: Export) -> tuple[str, ...]:
    from ketamind.exchange.omex import FLAGSHIPS, Simulation, to_omex

    if request.protocol:
        one = Simulation("protocol", request.given.words(), request.without, request.days)
        to_omex(request.place, (one,))
    else:
        to_omex(request.place, FLAGSHIPS)
    return ("populations and bands", "sources of parameters")


def _petab(request: Export) -> tuple[str, ...]:
    from ketamind.exchange.petab import problem, to_petab

    found = problem()
    to_petab(request.place, found)
    return found.losses


WRITERS: Mapping[str, Callable[[Export], tuple[str, ...]]] = {
    "events": _events,
    "sbml": _sbml,
    "omex": _omex,
    "petab": _petab,
}


@dataclass(frozen=True)
class Described:
    """What a file holds: for programs, and for people."""

    facts: dict[str, Any]
    text: str


def describe(file: Path, stage: str = "", subject: str = "", toml: bool = False) -> Described:
    """What a file of another tool holds. Raises BadFile naming file, line or element."""
    if not file.exists():
        raise BadFile(f"'{file}' is not a file.")
    kinds = {".csv": _described_events, ".omex": _described_archive}
    kind = kinds.get(file.suffix.lower())
    if kind is None:
        raise BadFile(f"'{file.name}' ends in '{file.suffix}', which is not read here; known: {', '.join(kinds)}.")
    return kind(file, stage, subject, toml)


def _described_events(file: Path, stage: str, subject: str, toml: bool) -> Described:
    from ketamind.exchange.events import protocols
    from ketamind.exchange.tables import read_table
    from ketamind.protocols.toml import write_toml

    table = read_table(file)
    found = protocols(table)
    if subject:
        table.of(subject)
        found = {subject: found[subject]}
    said = {s: write_toml(r.protocol) if toml else r.protocol.words() for s, r in found.items()}
    losses = {s: list(r.losses) for s, r in found.items() if r.losses}
    lines = [f"# subject {s}\n{words}" if toml else f"{s}: {words}" for s, words in said.items()]
    lines += [f"lost for {s}: {loss}" for s, many in losses.items() for loss in many]
    return Described({"kind": "events", "protocols": said, "losses": losses}, "\n".join(lines))


def _described_archive(file: Path, stage: str, subject: str, toml: bool) -> Described:
    from ketamind.exchange.omex import check_omex, read_omex

    members, faults = list(read_omex(file)), list(check_omex(file))
    lines = [*members, *(f"fault: {f}" for f in faults)] if faults else [*members, "no faults found"]
    return Described({"kind": "omex", "members": members, "faults": faults}, "\n".join(lines))
