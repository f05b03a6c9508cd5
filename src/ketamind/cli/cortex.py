"""Commands of the spiking cortex."""

from pathlib import Path
from typing import Annotated

import typer

from ketamind.cli.common import Json, Out, Without, app, names, numbers, print_json, progress, tell, writable

Cells = Annotated[int, typer.Option("--cells", help="Size of the network, 1,000 to 100,000 and more.")]
Seconds = Annotated[float, typer.Option("--seconds", help="Seconds of cortex simulated at each moment.")]
CortexSeed = Annotated[int, typer.Option("--seed", help="Seed of wiring and external events.", min=0)]
Protect = Annotated[str, typer.Option("--protect", help="Cell types the drug does not reach, such as pv,sst.")]
Account = Annotated[str, typer.Option("--hypothesis", help="Where the receptors are, such as tonic_2c+loop.")]
Potentials = Annotated[
    str, typer.Option("--potentials", help="At the receptors: assumed (from recordings) or simulated.")
]
State = Annotated[str, typer.Option("--state", help="Wiring: healthy, stressed or restored; else as the run says.")]
NetworkName = Annotated[str, typer.Option("--network", help="A shipped network, or a TOML file.")]
Drug = Annotated[str, typer.Option("--drug", help="A drug held at --uM, such as ketamine, memantine or mk801.")]


@app.command()
def cortex(
    protocol: Annotated[list[str] | None, typer.Argument(help="A protocol in plain words, or a TOML file.")] = None,
    at: Annotated[str, typer.Option("--at", help="Moment of the protocol.")] = "40 min",
    drug: Drug = "",
    uM: Annotated[
        float | None, typer.Option("--uM", help="Free concentration of --drug in the brain.", show_default=False)
    ] = None,
    without: Without = "",
    protect: Protect = "",
    hypothesis: Account = "chain",
    potentials: Potentials = "assumed",
    state: State = "",
    network: NetworkName = "starting",
    cells: Cells = 1000,
    seconds: Seconds = 3.0,
    seed: CortexSeed = 1,
    as_json: Json = False,
    out: Out = None,
) -> None:
    """Simulate seconds of spiking cortex before, under and after a drug."""
    from ketamind.cortex.command import CortexRequest, perform

    request = CortexRequest(
        " ".join(protocol or []), at, drug, uM, names(without), names(protect), hypothesis, potentials, state,
        network, cells, seconds, seed,
    )  # fmt: skip
    folder = writable(out)
    with progress("cortex", 1) as (advance, _):
        result = perform(request, advance)
    if folder is not None:
        from ketamind.report.cortex_report import write_cortex_report

        tell(f"report: {write_cortex_report(result, request, folder)}")
    if as_json:
        print_json(result.as_json())
    else:
        print(result.as_text())


@app.command("cortex-sweep")
def cortex_sweep(
    doses: Annotated[
        str, typer.Option("--uM", help="Free concentrations, such as 0,0.5,1,10.", metavar="A,B,...")
    ] = "",
    seeds: Annotated[int, typer.Option("--seeds", help="Runs of each concentration.", min=1, max=100)] = 2,
    protect: Protect = "",
    hypothesis: Account = "chain",
    potentials: Potentials = "assumed",
    network: NetworkName = "starting",
    cells: Cells = 1000,
    seconds: Seconds = 6.0,
    seed: CortexSeed = 1,
    as_json: Json = False,
    out: Out = None,
) -> None:
    """Dose-response of rates and rhythms, and which receptor assumptions give disinhibition (the map, with --out)."""
    from ketamind.cortex.couple import Options
    from ketamind.cortex.sweep import DOSES_UM, assumption_map, dose_response, sweep_json, sweep_text

    options = Options(cells, seconds, seed, network, hypothesis, frozenset(names(protect)), potentials=potentials)
    uM = numbers(doses) or DOSES_UM
    folder = writable(out)
    with progress("dose-response", 1) as (advance, describe):
        points = dose_response(uM, seeds, options, progress=advance)
        describe("map of assumptions")
        table = assumption_map(options=options, progress=advance) if folder is not None else None
    if folder is not None and table is not None:
        from ketamind.report.cortex_report import write_sweep_report

        tell(f"report: {write_sweep_report(points, table, options, folder)}")
    if as_json:
        print_json(sweep_json(points))
    else:
        print(sweep_text(points))


@app.command("cortex-blind")
def cortex_blind(
    folder: Annotated[
        Path | None, typer.Option("--folder", help="Where networks and predictions are kept; goes on from there.")
    ] = None,
    lineages: Annotated[int, typer.Option("--lineages", help="How many networks to look for.")] = 30,
    hypotheses: Annotated[
        str, typer.Option("--hypotheses", help="Such as tonic_2c,tonic_2c+loop; all if left out.")
    ] = "",
    potentials: Potentials = "simulated",
    seed: CortexSeed = 1,
    as_json: Json = False,
    out: Out = None,
) -> None:
    """Calibrate networks on drug-free physiology and predict the drug; without --folder, show what is shipped."""
    from ketamind.cortex.predict import HYPOTHESES, Settings, calibrate_ensemble, predict_ensemble
    from ketamind.cortex.verdict import shipped_verdict, verdict

    report = writable(out)
    if folder is None:
        result = shipped_verdict()
    else:
        writable(folder)
        wanted = names(hypotheses) or HYPOTHESES
        with progress("calibrating", lineages) as (advance, describe):
            calibrate_ensemble(folder, lineages, seed, progress=advance)
            describe("predicting")
            found = predict_ensemble(folder, wanted, Settings(potentials=potentials), progress=advance)
        result = verdict(folder, {potentials: found})
    if report is not None:
        from ketamind.report.cortex_report import write_blind_report

        tell(f"report: {write_blind_report(result, report)}")
    if as_json:
        print_json(result.as_json())
    else:
        print(result.as_text())


@app.command("cortex-meanfield")
def cortex_meanfield(
    points: Annotated[int, typer.Option("--points", help="Grid points; every third is kept out of the fit.")] = 96,
    seeds: Annotated[int, typer.Option("--seeds", help="Networks at each point.", min=2, max=50)] = 2,
    plausible: Annotated[
        bool, typer.Option("--plausible", help="Keep constants within their plausible ranges.")
    ] = False,
    network: NetworkName = "starting",
    cells: Cells = 1000,
    seconds: Seconds = 4.0,
    seed: CortexSeed = 1,
    as_json: Json = False,
    out: Out = None,
) -> None:
    """Fit the chain's rate equations to a spiking network; print the constants and the error on kept-out points."""
    from ketamind.cortex.meanfield import fit_network

    folder = writable(out)
    with progress("network over the grid", points) as (advance, _):
        measured, found = fit_network(network, points, cells, seeds, seconds, seed, plausible, advance)
    if folder is not None:
        from ketamind.report.cortex_report import write_meanfield_report

        tell(f"report: {write_meanfield_report(measured, found, network, folder)}")
    if as_json:
        print_json(found.as_json())
    else:
        print(found.as_text())
