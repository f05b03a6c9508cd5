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
    "netcdf": "a run, with CF attributes (.nc)",
    "zarr": "a run, with CF attributes (.zarr)",
    "parquet": "a run, one row a time and patient (.parquet)",
    "nwb": "spikes and fields of the cortex before, during and after a protocol (.nwb)",
    "sonata": "cells and synapses of the cortex (SONATA, a folder)",
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


def _run(request: Export) -> tuple[str, ...]:
    from ketamind.exchange.runs import write_run
    from ketamind.simulation import simulate

    suffix = {"netcdf": ".nc"}.get(request.kind, f".{request.kind}")
    if request.place.suffix != suffix:
        raise BadValue(
            f"'--format {request.kind}' writes a file that ends in {suffix}, and '{request.place}' does not."
        )
    result = simulate(
        request.given,
        request.days,
        patient=request.patient or None,
        without=request.without,
        manipulation=request.manipulation,
        observe=() if request.observe == ("all",) else request.observe,
    )
    write_run(result, request.place)
    return ()


def _nwb(request: Export) -> tuple[str, ...]:
    from ketamind.cortex.command import CortexRequest
    from ketamind.cortex.command import perform as simulate_cortex
    from ketamind.exchange.cortex_files import to_nwb
    from ketamind.exchange.extras import need

    need("pynwb", "NWB")
    asked = CortexRequest(
        protocol=request.given.words(),
        at=request.at,
        without=request.without,
        cells=request.cells,
        seconds=request.seconds,
        seed=request.seed,
    )
    to_nwb(simulate_cortex(asked).recordings, request.place, f"simulated cortex under {asked.protocol}")
    return ("equations and parameters of the network", "the drug, beyond the description")


def _sonata(request: Export) -> tuple[str, ...]:
    from ketamind.cortex.network import read_network
    from ketamind.exchange.cortex_files import to_sonata

    to_sonata(read_network("starting"), request.place, request.cells, request.seed)
    return ("dynamics of cells and synapses, outside drive: attributes only",)


WRITERS: Mapping[str, Callable[[Export], tuple[str, ...]]] = {
    "events": _events,
    "sbml": _sbml,
    "omex": _omex,
    "petab": _petab,
    "netcdf": _run,
    "zarr": _run,
    "parquet": _run,
    "nwb": _nwb,
    "sonata": _sonata,
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
    kind = READERS.get(file.suffix.lower())
    if kind is None:
        raise BadFile(f"'{file.name}' ends in '{file.suffix}', which is not read here; known: {', '.join(READERS)}.")
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


def _described_run(file: Path, stage: str, subject: str, toml: bool) -> Described:
    from ketamind.exchange.runs import read_run

    run = read_run(file)
    names = [str(n) for n in run.data.data_vars]
    first, last = run.times_h[[0, -1]]
    size = f"{len(run.times_h)} times from {first:g} to {last:g} h, {run.data.sizes['patient']} patients"
    facts = {"kind": "run", "observables": names, "provenance": run.provenance, "size": size}
    return Described(facts, f"{run.provenance['protocol']}: {size}; {', '.join(names)}")


def _described_sbml(file: Path, stage: str, subject: str, toml: bool) -> Described:
    from ketamind.biology.chain import chain
    from ketamind.exchange.sbml_import import read_sbml, replace_stage

    imported = read_sbml(file)
    component = imported.component
    facts: dict[str, Any] = {
        "kind": "sbml",
        "inputs": [i.symbol for i in component.inputs],
        "states": [s.symbol for s in component.states],
        "constants": {row.id: [row.value, row.unit] for row in imported.rows.values()},
        "outputs": [o.symbol for o in component.outputs],
    }
    lines = [f"{name}: {', '.join(facts[name]) or 'none'}" for name in ("inputs", "states", "outputs")]
    lines += [f"{row.id} = {row.value:g} {row.unit}" for row in imported.rows.values()]
    if stage:
        model = chain([("ketamine", "iv")])
        changed = replace_stage(model, imported, stage)
        gone = [c.name for c in model.components if c.name not in {k.name for k in changed.components}]
        facts["replaces"] = gone
        lines.append(f"takes the place of {', '.join(gone)}: wired, units checked")
    return Described(facts, "\n".join(lines))


READERS: Mapping[str, Callable[[Path, str, str, bool], Described]] = {
    ".csv": _described_events,
    ".omex": _described_archive,
    ".xml": _described_sbml,
    ".sbml": _described_sbml,
    ".nc": _described_run,
    ".zarr": _described_run,
    ".parquet": _described_run,
}
