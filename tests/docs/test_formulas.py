"""The equations in the documentation are those that are computed: read back as text, they give the same numbers."""

import re
import sys
from math import exp, log, sqrt, tanh
from pathlib import Path
from types import SimpleNamespace

import pytest

from ketamind.biology.alternatives import ALTERNATIVES
from ketamind.biology.chain import full_chain

sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))
from tools.formulas import formulas

CATALOGUE = (*full_chain().components, *(c for a in ALTERNATIVES.values() for c in a.components))
FUNCTIONS = {"exp": exp, "log": log, "sqrt": sqrt, "tanh": tanh, "abs": abs, "max": max, "min": min}


def evaluated(text, values):
    """Each left side of the lines with the number that its right side gives."""
    found = {}
    for line in text.splitlines():
        left, right = line.split(" = ", 1)
        code = re.sub(r"\[(\d+)\]", r"part_\1", right.replace("·", "*").replace("^", "**"))
        code = re.sub(r"\b([a-z]\w*)\.(\w)", r"\1_\2", code)  # a symbol may be the row of its parameter
        name = re.sub(r"\[(\d+)\]", r"part_\1", left)
        found[left] = values[name] = eval(code, FUNCTIONS, values)
        if not left.startswith("["):
            del values[name]
    return found


@pytest.mark.parametrize("component", CATALOGUE, ids=lambda c: c.name)
def test_formulas_read_back_give_the_numbers_of_the_equations(component):
    symbols = [q.symbol for g in (component.inputs, component.states, component.parameters) for q in g]
    values = {s: 0.31 + 0.07 * n % 0.5 for n, s in enumerate(dict.fromkeys(symbols))}
    told = evaluated(formulas(component), {s.replace(".", "_"): v for s, v in values.items()})
    x = SimpleNamespace(**values)
    rates, outputs = component.rates(x, x, x), component.readout(x, x, x)
    for symbol, rate in rates.items():
        assert told[f"d{symbol}/dt"] == pytest.approx(float(rate), rel=1e-4, abs=1e-12)
    for output in component.outputs:
        name = output.wire or output.symbol
        expected = float(outputs[output.symbol])
        assert told.get(name, values.get(name)) == pytest.approx(expected, rel=1e-4, abs=1e-12)
