"""Sums over the enantiomers, as an achiral assay reports them: X = S-X + R-X; and second names of a moiety."""

from typing import Any

from ketamind.declare import Component, Input, Output


def readout(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """Sum of both enantiomers."""
    return {"both": u.s + u.r}


SUM = Component(
    name="sum",
    summary="Sum of both enantiomers",
    readout=readout,
    inputs=(
        Input("s", "uM", "the S enantiomer", absent=0.0),
        Input("r", "uM", "the R enantiomer", absent=0.0),
    ),
    outputs=(Output("both", "uM", "both enantiomers"),),
)


def same(u: Any, x: Any, p: Any) -> dict[str, Any]:
    """The same quantity under another name."""
    return {"same": u.one}


ALIAS = Component(
    name="alias",
    summary="A second name of a concentration",
    readout=same,
    inputs=(Input("one", "uM", "the concentration"),),
    outputs=(Output("same", "uM", "the concentration, under another name"),),
)
