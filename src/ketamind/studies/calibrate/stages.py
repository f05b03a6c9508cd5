"""The stages of calibration, as planned in `data/calibration/stages.toml`, with their priors."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from ketamind.errors import unknown_name
from ketamind.studies.calibrate.priors import Prior, shipped_priors


@dataclass(frozen=True)
class Plan:
    """A stage: domains of experiments, parameters with priors, people for each trial arm, and how many runs.

    `ascent` counts steps uphill in each of `starts` climbs, each of one run a parameter; `rounds` of `draws`
    follow, and `kept` draws are run again and stored. `deciding` keeps only the experiments
    on which accounts part.
    """

    name: str
    title: str
    domains: tuple[str, ...]
    priors: tuple[Prior, ...]
    people: int
    ascent: int
    starts: int
    rounds: int
    draws: int
    kept: int
    deciding: bool = False


@lru_cache(maxsize=1)
def plans() -> tuple[Plan, ...]:
    """All stages, in the order in which they are calibrated."""
    path = resources.files("ketamind") / "data" / "calibration" / "stages.toml"
    given = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(
        Plan(
            name,
            one["title"],
            tuple(one["domains"]),
            shipped_priors(name),
            one["people"],
            one["ascent"],
            one["starts"],
            one["rounds"],
            one["draws"],
            one["kept"],
            one.get("deciding", False),
        )
        for name, one in given.items()
    )


def plan_of(name: str) -> Plan:
    """The stage of that name. Raises UnknownName."""
    known = {plan.name: plan for plan in plans()}
    if name not in known:
        raise unknown_name(name, "a stage of calibration", known)
    return known[name]
