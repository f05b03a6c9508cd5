"""A drug known only by its effect: decays at first order from the dose.

    de/dt = given - (ln 2 / t_half) e

`e` is 1 right after one usual effective dose. The half-life is that of the effect (enzyme inhibition, receptor block),
which may outlast the drug; repeated doses add up.  Sources: the table, drug by drug.
"""

from typing import Any

from numpy import log

from ketamind.declare import Component, Input, Output, Parameter, State


def rates(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """Change of the effect, 1/h."""
    return {"e": u.given - log(2.0) / p.t_half * x.e}


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """Effect relative to a usual dose."""
    return {"effect": x.e}


CODRUG = Component(
    name="codrug",
    summary="Effect of a drug relative to a usual dose",
    rates=rates,
    readout=readout,
    inputs=(Input("given", "1/h", "usual doses infused an hour", absent=0.0),),
    states=(State("e", "1", "effect, 1 after a usual dose"),),
    parameters=(Parameter("t_half", "h", "half-life of the effect", row="rapamycin.t_half"),),
    outputs=(Output("effect", "1", "effect relative to a usual dose"),),
)
