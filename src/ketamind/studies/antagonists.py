"""Published studies in which something was taken away, beside what the model says is left.

Each is one row of the shipped experiments whose number is `remaining`: 1 if the effect of the drug was intact with an
agent, a genotype or a second drug, 0 if it was gone.
"""

from collections.abc import Callable, Sequence

from ketamind.evidence.experiments import shipped_experiments
from ketamind.evidence.score import Row, score_experiments
from ketamind.protocols import parse_protocol

PEOPLE = 100


def antagonist_studies(progress: Callable[[int, int], None] | None = None) -> tuple[Row, ...]:
    """Every published `remaining`, with its prediction and whether the two agree (in thirds)."""
    rows = [e for e in shipped_experiments() if e.statistic == "remaining"]
    return score_experiments(rows, people=PEOPLE, progress=progress).rows


def taken_away(row: Row) -> str:
    """What was taken away, in words: the manipulation, or the drug given besides."""
    e = row.experiment
    besides = [d.drug for d in parse_protocol(e.protocol) if not d.drug.endswith("ketamine")]
    return e.manipulation or ", ".join(besides) or e.protocol


def studies_text(rows: Sequence[Row]) -> str:
    """For people: a line a study."""
    head = f"{'published antagonist studies: left of the effect':<74}{'published':>10}{'predicted':>10}"
    return "\n".join([head, *(_line(row) for row in rows)])


def _line(row: Row) -> str:
    e = row.experiment
    told = f"{e.citation}, {e.species}: {taken_away(row)}"
    what = f"{e.observable}" + ("" if e.time_h is None else f" {e.time_h:.3g} h")
    predicted = "-" if row.predicted is None or row.predicted != row.predicted else f"{row.predicted:.2f}"
    return f"{told[:46]:<48}{what[:25]:<26}{e.value:>10.2f}{predicted:>10}  {row.outcome.replace('_', ' ')}"
