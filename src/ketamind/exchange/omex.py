"""Simulations as a COMBINE archive: SBML models, a SED-ML file that runs and plots them, a manifest and a description.

Carried: each simulation's model, doses, time course, solver (CVODE) with its tolerances, the usual outputs as a report
and as plots. Lost: populations, bands, what was published beside, sources of parameters.
"""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ketamind import __version__
from ketamind.errors import BadFile, BadValue
from ketamind.exchange.extras import need, quiet
from ketamind.exchange.sbml import USUAL, check_sbml, document, ready, sid
from ketamind.protocols import Patient, Protocol, parse_protocol
from ketamind.simulation.simulate import Setting

FORMATS = {
    "omex": "http://identifiers.org/combine.specifications/omex",
    "manifest": "http://identifiers.org/combine.specifications/omex-manifest",
    "sbml": "http://identifiers.org/combine.specifications/sbml.level-3.version-2",
    "sedml": "http://identifiers.org/combine.specifications/sed-ml.level-1.version-4",
    "metadata": "http://identifiers.org/combine.specifications/omex-metadata",
}
MANIFEST_NAMESPACE = "http://identifiers.org/combine.specifications/omex-manifest"
SBML_LANGUAGE = "urn:sedml:language:sbml.level-3.version-2"
CVODE, RELATIVE, ABSOLUTE = "KISAO:0000019", "KISAO:0000209", "KISAO:0000211"
RTOL, ATOL = 1e-9, 1e-12
STEPS_A_DAY = 144
LARGEST_BYTES = 200_000_000


@dataclass(frozen=True)
class Simulation:
    """One simulation of an archive: its name, the protocol in words, and mechanisms that are off."""

    name: str
    protocol: str
    without: tuple[str, ...] = ()
    days: float = 7.0


FLAGSHIPS = (
    Simulation("ketamine", "0.5 mg/kg ketamine iv over 40 min"),
    Simulation("naltrexone_before", "50 mg naltrexone po at -45 min + 0.5 mg/kg ketamine iv over 40 min"),
    Simulation("without_nmda", "0.5 mg/kg ketamine iv over 40 min", ("nmda",)),
)
"""Dose to mood, the naltrexone puzzle, and the first knock-out."""


def to_omex(path: "str | Path", simulations: "Sequence[Simulation] | str | Protocol" = FLAGSHIPS) -> Path:
    """Write an archive of these simulations, or of one protocol; returns its path.

    Raises UnknownName or BadValue as `simulate` does, MissingExtra without the packages, BadFile for a place that
    cannot be written.
    """
    if isinstance(simulations, str | Protocol):
        given = parse_protocol(simulations) if isinstance(simulations, str) else simulations
        simulations = (Simulation("protocol", given.words()),)
    if not simulations:
        raise BadValue("an archive needs at least one simulation.")
    files = {f"{s.name}.xml": _model(s) for s in simulations}
    files["simulation.sedml"] = sedml(simulations)
    files["metadata.rdf"] = _metadata(simulations)
    return _zip(Path(path), files)


def _model(simulation: Simulation) -> str:
    protocol = parse_protocol(simulation.protocol)
    return document(*ready(protocol, Patient(), simulation.days, Setting(simulation.without)))


def sedml(simulations: Sequence[Simulation]) -> str:
    """The SED-ML text: a task, a report and a plot for each simulation."""
    library = need("libsedml", "SED-ML")
    whole = library.SedDocument(1, 4)
    for simulation in simulations:
        _describe(whole, simulation)
    return str(library.writeSedMLToString(whole))


def _describe(whole: Any, simulation: Simulation) -> None:
    name = simulation.name
    model = whole.createModel()
    model.setId(f"model_{name}")
    model.setName(f"{simulation.protocol}{' without ' if simulation.without else ''}{', '.join(simulation.without)}")
    model.setSource(f"{name}.xml")
    model.setLanguage(SBML_LANGUAGE)
    _course(whole, simulation)
    task = whole.createTask()
    task.setId(f"task_{name}")
    task.setModelReference(f"model_{name}")
    task.setSimulationReference(f"course_{name}")
    _read(whole, name, "time", None)
    report = whole.createReport()
    report.setId(f"report_{name}")
    _column(report, name, "time")
    for output in USUAL:
        _read(whole, name, output, sid(output))
        _column(report, name, output)
        _plot(whole, name, output)


def _course(whole: Any, simulation: Simulation) -> None:
    course = whole.createUniformTimeCourse()
    course.setId(f"course_{simulation.name}")
    course.setInitialTime(0.0)
    course.setOutputStartTime(0.0)
    course.setOutputEndTime(simulation.days * 24)
    course.setNumberOfSteps(round(simulation.days * STEPS_A_DAY))
    algorithm = course.createAlgorithm()
    algorithm.setKisaoID(CVODE)
    for kisao, value in ((RELATIVE, RTOL), (ABSOLUTE, ATOL)):
        parameter = algorithm.createAlgorithmParameter()
        parameter.setKisaoID(kisao)
        parameter.setValue(str(value))


def _read(whole: Any, name: str, output: str, target: str | None) -> None:
    generator = whole.createDataGenerator()
    generator.setId(f"data_{name}_{output}")
    generator.setName(output)
    variable = generator.createVariable()
    variable.setId(f"variable_{name}_{output}")
    variable.setTaskReference(f"task_{name}")
    if target is None:
        variable.setSymbol("urn:sedml:symbol:time")
    else:
        variable.setTarget(f"/sbml:sbml/sbml:model/sbml:listOfParameters/sbml:parameter[@id='{target}']")
        spaces = variable.getNamespaces()
        spaces.add("http://www.sbml.org/sbml/level3/version2/core", "sbml")
    generator.setMath(need("libsbml", "SED-ML").parseL3Formula(variable.getId()))


def _column(report: Any, name: str, output: str) -> None:
    column = report.createDataSet()
    column.setId(f"column_{name}_{output}")
    column.setLabel(output)
    column.setDataReference(f"data_{name}_{output}")


def _plot(whole: Any, name: str, output: str) -> None:
    plot = whole.createPlot2D()
    plot.setId(f"plot_{name}_{output}")
    plot.setName(f"{output} ({name})")
    curve = plot.createCurve()
    curve.setId(f"curve_{name}_{output}")
    curve.setLogX(False)
    curve.setLogY(False)
    curve.setXDataReference(f"data_{name}_time")
    curve.setYDataReference(f"data_{name}_{output}")


def _metadata(simulations: Sequence[Simulation]) -> str:
    what = "; ".join(f"{s.name}: {s.protocol}" for s in simulations)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcterms="http://purl.org/dc/terms/">\n'
        '  <rdf:Description rdf:about=".">\n'
        f"    <dcterms:description>{escape(what)}. Written by ketamind {__version__}. "
        "For research and teaching. Not medical advice.</dcterms:description>\n"
        "  </rdf:Description>\n</rdf:RDF>\n"
    )


def _manifest(names: Sequence[str]) -> str:
    kinds = {".xml": "sbml", ".sedml": "sedml", ".rdf": "metadata"}
    lines = [f'  <content location="." format="{FORMATS["omex"]}"/>']
    lines.append(f'  <content location="./manifest.xml" format="{FORMATS["manifest"]}"/>')
    for name in names:
        master = ' master="true"' if name.endswith(".sedml") else ""
        lines.append(f'  <content location="./{name}" format="{FORMATS[kinds[Path(name).suffix]]}"{master}/>')
    body = "\n".join(lines)
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<omexManifest xmlns="{MANIFEST_NAMESPACE}">'
    return f"{head}\n{body}\n</omexManifest>\n"


def _zip(target: Path, files: Mapping[str, str]) -> Path:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {"manifest.xml": _manifest(list(files)), **files}.items():
            archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    part = target.with_name(target.name + ".part")
    try:
        part.write_bytes(packed.getvalue())
        part.replace(target)
    except OSError as problem:
        raise BadFile(f"cannot write '{target}': {problem.strerror or problem}. Choose another place.") from None
    return target


def read_omex(path: "str | Path") -> dict[str, str]:
    """The texts of an archive by name. Raises BadFile naming file and member."""
    place = Path(path)
    try:
        with zipfile.ZipFile(place) as archive:
            if sum(i.file_size for i in archive.infolist()) > LARGEST_BYTES:
                raise BadFile(f"'{place.name}' unpacks to more than {LARGEST_BYTES:,} bytes; it is not read.")
            files = {n: archive.read(n).decode("utf-8") for n in archive.namelist() if not n.endswith("/")}
    except (OSError, zipfile.BadZipFile, UnicodeDecodeError, RuntimeError, ValueError) as problem:
        raise BadFile(f"'{place}' cannot be read as a COMBINE archive ({problem}).") from None
    if "manifest.xml" not in files:
        raise BadFile(f"'{place.name}' has no manifest.xml: it is not a COMBINE archive.")
    return files


def check_omex(path: "str | Path") -> tuple[str, ...]:
    """What is wrong with an archive: manifest, SED-ML and SBML against the libraries, and targets that lead nowhere."""
    files = read_omex(path)
    found = [f"manifest.xml: {fault}" for fault in _check_manifest(files)]
    for name, text in files.items():
        if name.endswith(".xml") and name != "manifest.xml":
            found += [f"{name}: {fault}" for fault in check_sbml(text)]
        if name.endswith(".sedml"):
            found += [f"{name}: {fault}" for fault in _check_sedml(text, files)]
    return tuple(found)


def _check_manifest(files: Mapping[str, str]) -> list[str]:
    try:
        root = ElementTree.fromstring(files["manifest.xml"])
    except ElementTree.ParseError as problem:
        return [str(problem)]
    listed = {c.get("location", "").removeprefix("./") for c in root} - {"."}
    return [f"'{n}' is listed and not there" for n in sorted(listed - set(files))] + [
        f"'{n}' is there and not listed" for n in sorted(set(files) - listed)
    ]


def _check_sedml(text: str, files: Mapping[str, str]) -> list[str]:
    library = need("libsedml", "SED-ML")
    with quiet():
        whole = library.readSedMLFromString(text)
        errors = [whole.getError(i) for i in range(whole.getNumErrors())]
        found = [f"line {e.getLine()}: {' '.join(e.getMessage().split())}" for e in errors]
        sources = {m.getId(): m.getSource() for m in (whole.getModel(i) for i in range(whole.getNumModels()))}
        tasks = {t.getId(): t.getModelReference() for t in (whole.getTask(i) for i in range(whole.getNumTasks()))}
        found += [f"model '{i}' is '{s}', which is not in the archive" for i, s in sources.items() if s not in files]
        for generator in (whole.getDataGenerator(i) for i in range(whole.getNumDataGenerators())):
            variable = generator.getVariable(0)
            wanted = variable.getTarget().partition("@id='")[2].partition("'")[0]
            model = files.get(sources.get(tasks.get(variable.getTaskReference(), ""), ""), "")
            if wanted and f'id="{wanted}"' not in model:
                found.append(f"'{generator.getId()}' points at '{wanted}', which its model does not have")
    return found
