"""Reports of the spiking cortex: a run, a sweep over doses and assumptions, the blind ensemble, the mean field."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from numpy.typing import NDArray

from ketamind.cortex.command import CortexRequest
from ketamind.cortex.couple import Cortex, Options
from ketamind.cortex.meanfield import ABS_HZ, REL, Fit, Measured
from ketamind.cortex.predict import FINDINGS, LOW_UM, UM, Prediction
from ketamind.cortex.sweep import MIXES, TONIC_SCALES, DosePoint, sweep_json
from ketamind.cortex.verdict import CONDITIONED_ON, READ_OUTS, Verdict, conditioned
from ketamind.errors import BadFile
from ketamind.provenance import stamped
from ketamind.report.cortex_figures import (
    cortex_figure,
    dose_figure,
    effects_figure,
    findings_figure,
    map_figure,
    meanfield_figure,
)
from ketamind.report.html import Grid, Picture, Section, number, report_html, write_report
from ketamind.report.parts import save_figure

FIELD_WORDS = (
    "The field is the mean over pyramidal cells of |AMPA| + |GABA-A| current (Mazzoni 2008). It counts lost "
    "inhibition as lost power, so gamma is also read from the PV current, the pyramidal spikes and a weighted sum "
    "(Mazzoni 2015), each over its shot-noise floor."
)
STARTING_WORDS = (
    "The starting network was found by a search that knew the wanted effect of ketamine: that it shows this effect is "
    "no evidence. What is evidence is the blind ensemble (`ketamind cortex-blind`)."
)
SHOWN = {
    "rate_pyramidal": "pyramidal rate, Hz", "rate_pv": "PV rate, Hz", "rate_sst": "SST rate, Hz",
    "rate_vip": "VIP rate, Hz", "cv_pyramidal": "CV of pyramidal intervals", "burst_fraction": "spikes in bursts",
    "inhibitory_conductance": "inhibition on pyramidal cells, nS", "power_theta": "theta, pA²/Hz",
    "power_alpha": "alpha, pA²/Hz", "power_beta": "beta, pA²/Hz", "power_gamma": "gamma of the field, pA²/Hz",
    "gamma_pv_current_over_floor": "gamma of the PV current over floor",
    "gamma_pyramidal_spikes_over_floor": "gamma of pyramidal spikes over floor",
    "gamma_peak_frequency": "gamma peak, Hz", "aperiodic_exponent": "aperiodic exponent, 20-100 Hz",
}  # fmt: skip


def write_cortex_report(result: Cortex, request: CortexRequest, folder: Path) -> Path:
    """Write `report.html`, `cortex.svg`, `cortex.png`, `cortex.json` and `cortex.nc`; returns the report's path."""
    figure = cortex_figure(result.recordings)
    save_figure(figure, folder / "cortex")
    write_json(result.as_json(), folder / "cortex.json")
    result.save(folder / "cortex.nc")
    table = result.as_json()
    rows = [[label, *(plain(n[key]) for n in table.values())] for key, label in SHOWN.items()]
    sections = [
        Section("Spikes, rates, spectrum", (FIELD_WORDS,), (Picture(figure, RASTER_CAPTION),)),
        Section("Numbers", (STARTING_WORDS,) if request.network == "starting" else (), (Grid(("", *table), rows),)),
    ]
    return write_report(folder / "report.html", report_html(title(request), lead(request), sections, facts(request)))


RASTER_CAPTION = (
    "Top: spikes of a sample of cells in the last second. Bottom left: mean rates. Bottom right: power of the field, "
    "with the aperiodic part as a thin line."
)


def title(r: CortexRequest) -> str:
    if r.protocol:
        return f"Cortex at {r.at} of {r.protocol}"
    return f"Cortex under {1.0 if r.uM is None else r.uM:g} µM free {r.drug or 'ketamine'}"


def lead(r: CortexRequest) -> str:
    parts = [f"{r.cells:,} cells of the network '{r.network}', {r.seconds:g} s at each moment."]
    parts += [f"Not reached by the drug: {', '.join(r.protect)}."] if r.protect else []
    parts += [f"Without {', '.join(r.without)}."] if r.without else []
    parts += [f"Wired as {r.state}."] if r.state else []
    return " ".join(parts)


def facts(r: CortexRequest) -> str:
    from ketamind import __version__

    return f"version {__version__}, seed {r.seed}, hypothesis {r.hypothesis}, potentials {r.potentials}"


def plain(value: float | None) -> str:
    return "-" if value is None else number(value)


def write_json(value: Any, file: Path) -> None:
    """Write JSON whole. Raises BadFile."""
    try:
        file.write_text(json.dumps(stamped(value), indent=1, allow_nan=False) + "\n", encoding="utf-8")
    except OSError as problem:
        raise BadFile(f"cannot write '{file}': {problem.strerror or problem}. Choose another folder.") from None


def write_sweep_report(points: Sequence[DosePoint], table: NDArray[Any], options: Options, folder: Path) -> Path:
    """Write `report.html`, the dose-response and the map of assumptions, and the numbers; returns the report's path."""
    doses = dose_figure(points, f"{options.network}, {options.hypothesis}")
    scales = [f"x{x:g}" for x in TONIC_SCALES]
    where = map_figure(table, MIXES, scales, "Pyramidal rate at 1 µM over drug-free", "ratio")
    save_figure(doses, folder / "doses")
    save_figure(where, folder / "assumptions")
    assumptions = {"rows": MIXES, "tonic": TONIC_SCALES, "rate_pyramidal": table.tolist()}
    write_json({**sweep_json(points), "assumptions": assumptions}, folder / "sweep.json")
    sections = [
        Section("Dose-response", (FIELD_WORDS, STARTING_WORDS), (Picture(doses, DOSE_CAPTION),)),
        Section("Which assumptions give disinhibition", (MAP_WORDS,), (Picture(where, MAP_CAPTION),)),
    ]
    words = f"{options.cells:,} cells of the network '{options.network}', {options.seconds:g} s at each concentration."
    provenance = f"seed {options.seed}, hypothesis {options.hypothesis}, potentials {options.potentials}"
    html = report_html("Cortex: doses and assumptions", words, sections, provenance)
    return write_report(folder / "report.html", html)


DOSE_CAPTION = "Ratio to drug-free against free ketamine in the brain; bands are one sd over seeds."
MAP_WORDS = (
    "Rows: where the NMDA receptor subtypes sit. Columns: size of the tonic NMDA conductance; for each the external "
    "rates were found anew, so that the drug-free rates are the same and only the drug differs."
)
MAP_CAPTION = "Pyramidal rate at 1 µM free ketamine over drug-free: above 1 is disinhibition."


def write_blind_report(v: Verdict, folder: Path) -> Path:
    """Write `report.html`, figures and `blind.json`; returns the report's path."""
    sections = [Section("The ensemble", (ENSEMBLE_WORDS, v.conclusion()), (network_grid(v),))]
    for potentials, ps in v.predictions.items():
        figures = {
            "findings": (
                findings_figure(ps),
                f"Networks in which each finding holds at {UM:g} µM, of {len(v.networks)}.",
            ),
            "effects": (effects_figure(ps), f"Ratio to drug-free at {UM:g} µM: each network, and the median."),
        }
        for name, (figure, _) in figures.items():
            save_figure(figure, folder / f"{name}-{potentials}")
        pictures = [Picture(figure, caption) for figure, caption in figures.values()]
        words = POTENTIAL_WORDS[potentials]
        sections.append(Section(f"Predictions, potentials {potentials}", (FINDING_WORDS, words), pictures))
        sections.append(Section(f"{UM:g} µM", (), (findings_grid(ps, "drug"), reading_grid(ps))))
        sections.append(Section(f"{LOW_UM:g} µM: free at the end of 0.5 mg/kg IV", (), (findings_grid(ps, "low"),)))
        kept = [conditioned(p) for p in ps]
        sections.append(Section(CONDITIONED_TITLE, (CONDITIONED_WORDS,), (findings_grid(kept, "drug"),)))
    if v.mechanism():
        sections.insert(1, Section("What takes gamma, and what gives it", v.mechanism()))
    write_json(v.as_json(), folder / "blind.json")
    html = report_html("Blind ensemble of cortical networks", v.conclusion(), sections, provenance(v))
    return write_report(folder / "report.html", html)


ENSEMBLE_WORDS = (
    "Each network was calibrated on drug-free physiology alone (rates, irregularity, potentials, balance, recurrent "
    "share of excitation, a weak broad gamma peak, aperiodic slope), then judged on wiring and events that its search "
    "had not seen. The drug was never simulated in the search."
)
FINDING_WORDS = (
    "inhibition: less inhibitory conductance on pyramidal cells; pyramidal: rate up by more than 5 %; gamma: 30-80 Hz "
    "up by more than 10 %; flat: alpha and beta not up by 5 % or more; control: neither with PV and SST protected; "
    "reversal: both lower at 10 µM; all: all of these in one network. Ranges are 95 % intervals of the share."
)
POTENTIAL_WORDS = {
    "simulated": "Block follows the simulated mean potential of each cell type.",
    "assumed": "Block follows the potentials that recordings suggest (-70, -58, -55, -62 mV).",
}
CONDITIONED_TITLE = "Kept apart: networks that fire as published"
CONDITIONED_WORDS = (
    f"These networks have seen the drug: they are those in which pyramidal cells fire more and PV and SST cells "
    f"together less ({', '.join(CONDITIONED_ON)}). Only gamma, flat, control and reversal are still predictions here."
)


def network_grid(v: Verdict) -> Grid:
    """Drug-free features over networks: median and range, beside nothing that the drug did."""
    import numpy as np

    rows = []
    for key in v.networks[0]["features"] if v.networks else ():
        x = np.array([n["features"][key] for n in v.networks], dtype=float)
        low, middle, high = np.nanquantile(x, [0.1, 0.5, 0.9])
        rows.append([key, number(middle), f"{number(low)} to {number(high)}"])
    return Grid(("drug-free feature", "median", "10-90 % of networks"), rows)


def findings_grid(ps: Sequence[Prediction], dose: str) -> Grid:
    """Networks in which each finding holds, with the 95 % interval of the share."""

    def cell(k: int, n: int, low: float, high: float) -> str:
        return f"{k}/{n} ({100 * low:.0f}-{100 * high:.0f} %)"

    rows = [[p.hypothesis, *(cell(*share) for share in p.shares("field", dose).values())] for p in ps]
    return Grid(("hypothesis", *FINDINGS), rows)


def reading_grid(ps: Sequence[Prediction]) -> Grid:
    """Median ratio of gamma in each reading, and networks in which it rises and in which all holds."""
    rows = []
    for p in ps:
        row = [p.hypothesis]
        for r in READ_OUTS:
            shares = p.shares(r)
            row.append(f"{p.quantiles(f'gamma_{r}')[0]:.2f} ({shares['gamma'][0]}, {shares['all'][0]})")
        rows.append(row)
    return Grid(("gamma: median (up in, all in)", *(r.replace("_", " ") for r in READ_OUTS)), rows)


def provenance(v: Verdict) -> str:
    return ", ".join(f"{k} {x}" for k, x in v.facts.items() if not isinstance(x, dict))


def write_meanfield_report(m: Measured, found: Fit, name: str, folder: Path) -> Path:
    """Write `report.html`, the figure and `meanfield.json`; returns the report's path."""
    from ketamind.cortex.network import read_network

    figure: Figure = meanfield_figure(m, found, read_network(name))
    save_figure(figure, folder / "meanfield")
    write_json(found.as_json(), folder / "meanfield.json")
    words = (
        f"Two thirds of the grid points were fitted, the others kept out. Within {REL:.0%} or {ABS_HZ} Hz counts as "
        "right. Constants outside the plausible range of the tables are named: a fit that needs them does not speak "
        "for the circuit it stands for."
    )
    rows = [[row, number(value)] for row, value in found.rows.items()]
    parts = (Picture(figure, "Grey: fitted points; coloured: points kept out; lines: 15 % either way."),)
    sections = [
        Section("Mean field against network", (words, found.as_text()), parts),
        Section("Fitted constants", (), (Grid(("row", "value"), rows),)),
    ]
    html = report_html("The chain's rate equations, fitted to a network", f"Network '{name}'.", sections, "")
    return write_report(folder / "report.html", html)
