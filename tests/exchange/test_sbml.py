"""The chain as SBML: valid, in consistent units, annotated, and the same curves in another simulator."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ketamind.declare import Model
from ketamind.engine import Batch, Options, Schedule, solve
from ketamind.errors import KetamindError
from ketamind.exchange.sbml import Start, changes, check_sbml, document, ready, sid, to_sbml
from ketamind.protocols import Patient, parse_protocol
from ketamind.simulation.simulate import Setting

libsbml = pytest.importorskip("libsbml")
roadrunner = pytest.importorskip("roadrunner")

CHAIN = "0.5 mg/kg ketamine iv over 40 min"
TWICE = "20 mg ketamine iv + 20 mg ketamine iv over 30 min at 2 h + 30 mg/h esketamine iv over 60 min at 2 h"
AGREES = 1e-6
"""Largest difference of a state, relative to its value or to a thousandth of its peak where it is less."""


def simulated(text: str, times: NDArray[np.float64], names: Sequence[str], rtol: float) -> NDArray[np.float64]:
    """What libRoadRunner makes of an SBML text: (times, names)."""
    config = roadrunner.Config
    config.setValue(config.LLVM_BACKEND, config.LLJIT)
    config.setValue(config.LLJIT_OPTIMIZATION_LEVEL, config.NONE)
    engine = roadrunner.RoadRunner(text)
    engine.integrator.setValue("relative_tolerance", rtol)
    engine.integrator.setValue("absolute_tolerance", 1e-3 * rtol)
    engine.integrator.setValue("maximum_num_steps", 100_000)
    engine.timeCourseSelections = [sid(n) for n in names]
    return np.asarray(engine.simulate(times=list(times)))


def ours(model: Model, events: Schedule, start: Start, times: NDArray[np.float64], rtol: float) -> Any:
    states = [[start.states[n] for n in model.system.state_index]]
    batch = Batch(times + start.time_h, tuple(model.system.state_index), events, start=states, start_h=start.time_h)
    return solve(model, batch, Options(rtol=rtol)).require().values[:, 0]


def difference(found: NDArray[np.float64], reference: NDArray[np.float64]) -> float:
    floor = 1e-3 * np.abs(reference).max(axis=0) + 1e-12
    return float((np.abs(found - reference) / np.maximum(np.abs(reference), floor)).max())


def test_all_states_of_the_chain_agree_with_libroadrunner() -> None:
    parts = ready(parse_protocol(CHAIN), Patient(), 14.0, Setting())
    model, events, start, _ = parts
    times = np.unique(np.concatenate([np.linspace(0, 4, 98), np.linspace(4, 336, 101)]))
    names = tuple(model.system.state_index)
    assert len(names) > 60
    found = simulated(document(*parts, observe=["madrs"]), times, names, 1e-10)
    assert difference(found, ours(model, events, start, times, 1e-11)) < AGREES


def test_pharmacokinetics_with_boluses_and_overlapping_infusions_agree() -> None:
    from ketamind.biology.pharmacokinetics import externals, pharmacokinetics
    from ketamind.declare import shipped_table
    from ketamind.studies.fit_pharmacokinetics import doses

    components = pharmacokinetics([("ketamine", "iv")])
    model = Model("blood", components, shipped_table(), externals(components))
    events, _ = doses(parse_protocol(TWICE), model.table, 70.0)
    start = Start(0.0, dict.fromkeys(model.system.state_index, 0.0))
    times = np.linspace(0.05, 24, 201)
    names = tuple(model.system.state_index)
    text = document(model, events, start, TWICE, ["venous_ketamine"])
    found = simulated(text, np.r_[0.0, times], names, 1e-10)[1:]
    assert difference(found, ours(model, events, start, times, 1e-11)) < AGREES


def test_units_are_consistent_and_nothing_is_wrong() -> None:
    text = to_sbml("50 mg naltrexone po at -45 min + 0.5 mg/kg ketamine iv over 40 min")
    assert check_sbml(text) == ()
    model = libsbml.readSBMLFromString(text).getModel()
    assert model.getNumEvents() > 3
    assert "Time 0 is -0.75 h" in model.getNotesString()


def test_a_unit_error_would_be_found() -> None:
    text = to_sbml(CHAIN)
    variable = sid("s_ketamine.A_1")
    broken = libsbml.readSBMLFromString(text)
    rule = broken.getModel().getRateRule(variable)
    rule.setMath(libsbml.parseL3Formula(f"{variable} * {variable}"))
    assert check_sbml(libsbml.writeSBMLToString(broken))


def test_drugs_and_receptors_are_annotated() -> None:
    model = libsbml.readSBMLFromString(to_sbml(CHAIN)).getModel()
    found = {
        term.getResourceURI(0)
        for part in [*model.getListOfSpecies(), *model.getListOfParameters(), model]
        for term in [part.getCVTerm(i) for i in range(part.getNumCVTerms())]
    }
    wanted = ("CHEBI:6121", "pubchem.compound:182137", "uniprot:P35372", "uniprot:P23560", "taxonomy:9606")
    assert {f"https://identifiers.org/{name}" for name in wanted} <= found
    assert all(s.getSBOTermID() == "SBO:0000247" for s in model.getListOfSpecies())


def test_events_at_one_time_are_one() -> None:
    events = ready(parse_protocol(CHAIN), Patient(), 14.0, Setting())[1]
    found = changes(events, 0.0)
    assert [round(c.time_h, 6) for c in found] == [0.0, round(40 / 60, 6), 1.0]
    assert found[0].levels["input_s_ketamine"] > 0
    assert found[1].levels["input_s_ketamine"] == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"observe": ["mood"]}, "'mood' is not an output of this model"),
        ({"without": ["nmda_blok"]}, "'nmda_blok' is not a mechanism"),
        ({"manipulation": "block:mtorc1"}, "SBML here cannot say"),
        ({"patient": "martian"}, "martian"),
    ],
)
def test_what_cannot_be_written_is_one_message(change: dict[str, Any], message: str) -> None:
    with pytest.raises(KetamindError, match=message):
        to_sbml(CHAIN, **change)
