"""Wiring: what a model refuses, and what switching off means."""

from dataclasses import replace

import pytest

from declare.toys import DECAY, GAIN, SOURCE, toy_model
from ketamind.declare import Input, Output, Parameter, State
from ketamind.errors import ModelError, UnitMismatch, UnknownName


def values(model, state):
    system = model.system
    names = {**model.defaults, "decay.A": state, "source": 6.0}
    outputs = system.graph.evaluate([o.value for o in system.outputs.values()], names)
    rates = system.graph.evaluate([s.rate for s in system.states], names)
    return dict(zip(system.outputs, outputs, strict=True)), rates


def test_equations_are_joined_by_name_and_in_declared_units():
    outputs, rates = values(toy_model(), 0.05)
    assert outputs == {"level": 0.05, "amplified": 0.1}
    assert rates == [6.0 - 60.0 * 0.05]


def test_order_of_declaration_does_not_matter():
    assert values(toy_model(GAIN, DECAY), 0.05)[0]["amplified"] == 0.1


def test_a_mechanism_switched_off_shows_when_off_and_nothing_else_changes():
    outputs, rates = values(toy_model().without("storage"), 0.05)
    assert outputs == {"level": 0.0, "amplified": 0.0}
    assert rates == values(toy_model(), 0.05)[1]


def test_variants_share_the_wired_equations():
    model = toy_model()
    assert model.without("storage").system is model.system


def test_unknown_mechanisms_and_parameters_name_the_nearest():
    with pytest.raises(UnknownName, match=r"'storrage' is not a mechanism of this model\. Did you mean 'storage'\?"):
        toy_model().without("storrage")
    with pytest.raises(UnknownName, match=r"Did you mean 'decay\.k'"):
        toy_model().with_values({"decay.kk": 1.0})


def test_two_providers_of_one_name_are_refused():
    with pytest.raises(ModelError, match="'level' has two providers: 'decay' and 'copy'"):
        _ = toy_model(DECAY, DECAY.bind("copy")).system


def test_an_output_may_not_shadow_what_comes_from_outside():
    with pytest.raises(ModelError, match="two providers: 'the outside' and 'gain'"):
        _ = toy_model(DECAY, GAIN.bind("gain", wires={"amplified": "source"})).system


def test_a_missing_provider_names_who_needs_it():
    with pytest.raises(UnknownName, match=r"'level' is not provided by any mechanism.*Mechanism 'gain'"):
        _ = toy_model(GAIN).system


def test_an_absent_input_takes_its_value_where_nothing_provides_it():
    optional = replace(GAIN, inputs=(Input("level", "uM", "", absent=3.0),))
    outputs, _ = values(toy_model(optional), 0.0)
    assert outputs == {"amplified": 6.0}


def test_an_algebraic_loop_is_named():
    back = GAIN.bind("back", wires={"level": "amplified", "amplified": "level"})
    with pytest.raises(ModelError, match=r"algebraic loop: amplified \(gain\) -> level \(back\) -> amplified"):
        _ = toy_model(GAIN, back).system


def test_loops_through_a_state_are_welcome():
    loop = toy_model(DECAY.bind("decay", wires={"source": "flow"}), GAIN.bind("gain", wires={"amplified": "flow"}))
    with pytest.raises(UnitMismatch, match="input 'flow' of 'decay' is declared in uM/h, but is provided in uM"):
        _ = loop.system


def test_a_wrong_unit_names_file_equation_and_both_units():
    wrong = replace(DECAY, parameters=(Parameter("k", "1/min", "loss", row="decay.k"),))
    expected = r"toys\.py: equation 'dA/dt' of 'decay' subtracts `source` in uM/h and `decay\.k \* decay\.A` in "
    with pytest.raises(UnitMismatch, match=expected):
        _ = toy_model(wrong, GAIN).system


def test_an_output_in_another_unit_than_declared_is_refused():
    wrong = replace(GAIN, outputs=(Output("amplified", "mV", ""),))
    with pytest.raises(UnitMismatch, match="equation 'amplified' of 'gain' is in uM, but is declared in mV"):
        _ = toy_model(DECAY, wrong).system


def test_undeclared_symbols_and_missing_equations_are_refused():
    with pytest.raises(ModelError, match="uses a symbol that is not declared"):
        _ = toy_model(replace(DECAY, parameters=()), GAIN).system
    with pytest.raises(ModelError, match="must give exactly A, B; differs in B"):
        _ = toy_model(replace(DECAY, states=(*DECAY.states, State("B", "uM", ""))), GAIN).system


def test_a_switchable_output_needs_its_value_when_off():
    with pytest.raises(ModelError, match="cannot be switched off"):
        _ = toy_model(DECAY, replace(GAIN, mechanism="gain")).system


def test_one_row_has_one_unit_in_a_model():
    per_second = replace(
        DECAY.bind("other", wires={"level": "other"}), parameters=(Parameter("k", "1/s", "", "decay.k"),)
    )
    with pytest.raises(ModelError, match=r"'decay\.k' is used in 1/h and in 1/s"):
        _ = toy_model(DECAY, per_second).defaults


def test_states_may_start_at_a_parameter():
    started = replace(
        DECAY,
        states=(State("A", "uM", "", initial="A0"),),
        parameters=(*DECAY.parameters, Parameter("A0", "1", "", row="gain.g")),
    )
    info = toy_model(started, GAIN).system.states[0]
    assert info.initial.graph.evaluate([info.initial], {"gain.g": 2.0}) == [2.0]


def test_externals_are_listed():
    assert toy_model().system.externals == (SOURCE,)


def test_a_modulator_takes_a_parameters_place_everywhere_but_at_home():
    def doubled(u, x, p):
        return {"moved": 2 * p.g}

    booster = replace(GAIN, name="booster", inputs=(), outputs=(Output("moved", "1", ""),), readout=doubled)
    model = replace(toy_model(DECAY, GAIN, booster), modulators={"gain.g": "moved"})
    assert values(model, 0.05)[0] == {"level": 0.05, "amplified": 0.2, "moved": 4.0}
