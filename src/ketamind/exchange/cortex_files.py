"""The spiking cortex for other tools: NWB for spikes and fields, MNE for the EEG proxy, SONATA for the network.

NWB carries every spike of every cell with its type, the field proxies and mean currents of each type, one epoch a
moment of the run. MNE carries the proxies as channels, whole or cut into epochs. SONATA carries every cell with its
type and every synapse with its projection.

Lost: in NWB and MNE the equations and the drug; in SONATA the adaptive exponential dynamics, short-term plasticity and
outside drive are kept as attributes that no other simulator runs. The proxies are sums of currents in pA, not volts at
an electrode: they are stored as they are and called so.
"""

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ketamind import __version__
from ketamind.cortex.network import Network
from ketamind.cortex.recordings import field, weighted_field
from ketamind.cortex.simulate import RECORD_MS, Recording
from ketamind.errors import BadFile, BadValue
from ketamind.exchange.extras import need, quiet

Floats = NDArray[np.float64]
START = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
"""A simulation has no date; files need one, and this one makes the same file every time."""

RATE_HZ = 1000.0 / RECORD_MS
PROXIES = {"absolute_currents": field, "weighted_currents": weighted_field}
KINDS = {"pyramidal": "pyramidal cell", "pv": "PV interneuron", "sst": "SST interneuron", "vip": "VIP interneuron"}


def to_nwb(recordings: Mapping[str, Recording], path: "str | Path", description: str = "") -> Path:
    """Write stretches of cortex, one right after the other, as an NWB file.

    Raises BadValue for no recordings, MissingExtra without pynwb, BadFile for a place that cannot be written.
    """
    if not recordings:
        raise BadValue("there are no recordings to write.")
    pynwb = need("pynwb", "NWB")
    first = next(iter(recordings.values()))
    about = description or f"simulated cortex: {', '.join(recordings)}"
    file = pynwb.NWBFile(
        session_description=about,
        identifier=f"ketamind-{first.network.name}-{first.cells}-{first.seed}",
        session_start_time=START,
        institution="simulated, no institution",
        lab="simulated, no laboratory",
        experimenter=["ketamind, simulated"],
        experiment_description="For research and teaching. Not medical advice.",
        source_script=f"ketamind {__version__}",
        source_script_file_name="ketamind",
        subject=pynwb.file.Subject(
            subject_id=f"network-{first.network.name}",
            species="Homo sapiens",
            sex="U",
            age="P0D/",
            description=f"simulated network of {first.cells} cells; not a person",
        ),
    )
    starts = _starts(recordings)
    _epochs(file, recordings, starts)
    _units(file, recordings, starts)
    _fields(pynwb, file, recordings, starts)
    return _write(pynwb, file, Path(path))


def _starts(recordings: Mapping[str, Recording]) -> dict[str, float]:
    """When each stretch begins in the file, s."""
    at, found = 0.0, {}
    for name, recording in recordings.items():
        found[name] = at
        at += recording.seconds
    return found


def _epochs(file: Any, recordings: Mapping[str, Recording], starts: Mapping[str, float]) -> None:
    file.add_epoch_column("moment", "which moment of the run this is")
    for name, recording in recordings.items():
        file.add_epoch(start_time=starts[name], stop_time=starts[name] + recording.seconds, tags=[name], moment=name)


def _units(file: Any, recordings: Mapping[str, Recording], starts: Mapping[str, float]) -> None:
    """Every cell, with its spikes in all stretches; cells that never fire are there without spikes."""
    first = next(iter(recordings.values()))
    file.add_unit_column("cell_type", "type of the simulated cell")
    by_cell: list[list[Floats]] = [[] for _ in range(first.cells)]
    for name, recording in recordings.items():
        order = np.argsort(recording.spike_cell, kind="stable")
        times = (recording.spike_ms[order] - recording.start_ms) / 1000 + starts[name]
        counts = np.bincount(recording.spike_cell, minlength=first.cells)
        for cell, part in enumerate(np.split(times, np.cumsum(counts)[:-1])):
            by_cell[cell].append(np.sort(part))
    whole = [[0.0, sum(r.seconds for r in recordings.values())]]
    for cell_type in first.network.types:
        for cell in range(*first.cell_range(cell_type)):
            spikes = np.concatenate(by_cell[cell])
            file.add_unit(spike_times=spikes, obs_intervals=whole, cell_type=KINDS.get(cell_type, cell_type))


def _fields(pynwb: Any, file: Any, recordings: Mapping[str, Recording], starts: Mapping[str, float]) -> None:
    module = file.create_processing_module("ecephys", "field proxies and mean currents, 1 value a ms")
    for name, recording in recordings.items():
        for proxy, read in PROXIES.items():
            module.add(_series(pynwb, f"{proxy}_{name}", read(recording), starts[name], "field proxy, pA"))
        for cell_type in recording.network.types:
            potential = recording.signal("potential", cell_type)
            module.add(
                pynwb.TimeSeries(
                    name=f"potential_{cell_type}_{name}",
                    data=potential / 1000,
                    unit="volts",
                    rate=RATE_HZ,
                    starting_time=starts[name],
                    description=f"mean membrane potential of {KINDS.get(cell_type, cell_type)}s",
                )
            )


def _series(pynwb: Any, name: str, picoampere: Floats, start_s: float, description: str) -> Any:
    return pynwb.TimeSeries(
        name=name,
        data=picoampere * 1e-12,
        unit="amperes",
        rate=RATE_HZ,
        starting_time=start_s,
        description=f"{description}: mean over pyramidal cells",
    )


def _write(pynwb: Any, file: Any, target: Path) -> Path:
    part = target.with_name(target.name + ".part.nwb")
    try:
        with quiet(), pynwb.NWBHDF5IO(str(part), "w") as out:
            out.write(file)
        part.replace(target)
    except OSError as problem:
        part.unlink(missing_ok=True)
        raise BadFile(f"cannot write '{target}': {problem.strerror or problem}. Choose another place.") from None
    return target


def to_mne(recording: Recording) -> Any:
    """The field proxies of a stretch as an `mne.io.RawArray`, channels of kind `misc` in A.

    Raises MissingExtra without mne.
    """
    mne = need("mne", "MNE", "checks")
    with quiet():
        info = mne.create_info(list(PROXIES), RATE_HZ, "misc", verbose="error")
        info["description"] = "simulated sums of synaptic currents, not volts at an electrode (ketamind)"
        data = np.array([read(recording) for read in PROXIES.values()]) * 1e-12
        return mne.io.RawArray(data, info, verbose="error")


def to_mne_epochs(recordings: Mapping[str, Recording], seconds: float = 1.0) -> Any:
    """The proxies of all stretches cut into epochs of that length, with the moments as event names.

    Raises BadValue for a length that no stretch has, MissingExtra without mne.
    """
    mne = need("mne", "MNE", "checks")
    n = round(seconds * RATE_HZ)
    parts, codes = [], []
    for code, recording in enumerate(recordings.values(), start=1):
        whole = np.array([read(recording) for read in PROXIES.values()]) * 1e-12
        count = whole.shape[1] // n if n > 0 else 0
        parts.append(whole[:, : count * n].reshape(len(PROXIES), count, n).transpose(1, 0, 2))
        codes += [code] * count
    if not codes:
        raise BadValue(f"no stretch is as long as an epoch of {seconds:g} s; simulate longer, or cut shorter.")
    with quiet():
        info = mne.create_info(list(PROXIES), RATE_HZ, "misc", verbose="error")
        events = np.array([[k * n, 0, code] for k, code in enumerate(codes)])
        ids = {name: code for code, name in enumerate(recordings, start=1) if code in codes}
        return mne.EpochsArray(np.concatenate(parts), info, events, 0.0, ids, verbose="error")


def to_sonata(network: Network, folder: "str | Path", cells: int = 1000, seed: int = 1) -> Path:
    """Write the network as SONATA: nodes, edges, their types and a circuit configuration; returns the configuration.

    Needs no further package. Raises BadValue for a size that cannot be, BadFile for a place that cannot be written.
    """
    from ketamind.cortex.network import check_size
    from ketamind.exchange.sonata import write_circuit

    check_size(network, cells)
    return write_circuit(network, Path(folder), cells, seed)
