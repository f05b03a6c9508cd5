"""Calibration: what published experiments say of the parameters, stage by stage.

from ketamind.studies.calibrate import calibrate
found = calibrate("readouts")
"""

from collections.abc import Callable

from ketamind.evidence.experiments import shipped_experiments
from ketamind.evidence.hypotheses import SHIPPED, Hypothesis, load_hypothesis
from ketamind.studies.calibrate.crossvalidate import cross_validate
from ketamind.studies.calibrate.posterior import Stage, ascend, choose, learn, run, sample
from ketamind.studies.calibrate.recovery import coverage
from ketamind.studies.calibrate.result import (
    Calibration,
    left_out_measures,
    store,
    store_score,
    stored,
    stored_draws,
    stored_folder,
    summarise,
    text_of,
)
from ketamind.studies.calibrate.stages import Plan, plan_of, plans
from ketamind.studies.compare import themes

__all__ = [
    "Calibration",
    "calibrate",
    "left_out_measures",
    "plan_of",
    "plans",
    "stage_of",
    "store",
    "store_score",
    "stored",
    "stored_draws",
    "stored_folder",
    "text_of",
]


def stage_of(plan: Plan, hypothesis: Hypothesis, seed: int = 1) -> Stage:
    """A plan under a hypothesis, which leaves out parameters that it sets and domains on which it is silent."""
    priors = tuple(p for p in plan.priors if p.name not in hypothesis.values)
    deciding = {name for theme in themes() for name in theme.experiments}
    chosen = tuple(
        e
        for e in shipped_experiments()
        if e.domain in plan.domains and hypothesis.speaks_of(e) and (e.id in deciding or not plan.deciding)
    )
    return Stage(plan.name, hypothesis, priors, chosen, plan.people, seed)


def calibrate(
    stage: str,
    hypothesis: Hypothesis | str = SHIPPED,
    seed: int = 1,
    effort: float = 1.0,
    say: Callable[[str], None] = lambda _: None,
    recover: bool = True,
) -> Calibration:
    """Calibrate a stage under a hypothesis.

    Parameters
    ----------
    stage  : one of `plans()`
    effort : share of the planned runs of the model; less is quicker and rougher
    recover : calibrate on made-up worlds as well, to see whether known parameters are found

    Raises UnknownName for a stage or hypothesis that is not known.
    """
    plan = plan_of(stage)
    account = load_hypothesis(hypothesis) if isinstance(hypothesis, str) else hypothesis
    here = stage_of(plan, account, seed)
    draws = max(16, round(plan.draws * effort))
    centre = ascend(here, max(1, round(plan.ascent * effort)), max(1, round(plan.starts * effort)), say)
    runs = learn(here, centre, max(1, round(plan.rounds * effort)), draws, say)
    say(f"{here.name}: sampling")
    chain, emulator = sample(runs, seed)
    again = run(here, choose(chain, plan.kept, seed))
    say(f"{here.name}: leaving studies out")
    found = cross_validate(runs.joined(again), seed)
    checks: dict[str, float] = {}
    if recover:
        say(f"{here.name}: recovering known parameters")
        held, of = coverage(runs, seed)
        checks = {"coverage_of_90_percent_intervals_of_known_parameters": held, "intervals": float(of)}
    return summarise(here, runs, chain, emulator, again, found, checks)
