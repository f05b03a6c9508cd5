"""Trials as event tables, and back.

Carried: every arm with what it is given (background included), its size, kind and share, and every planned reading
(EVID 2 rows: scale and visit). One row set is one typical subject of an arm, N of whom the arm has.

Lost, and told when reading: who takes part beyond the population's words, the design, conduct, estimand, endpoints,
manipulations, published results and notes. A trial read from a table asks for the change of its first scale at its
last visit, in parallel groups.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ketamind.errors import KetamindError
from ketamind.exchange.events import COLUMNS, USUAL_KG, dose_rows, protocols, repr_number, write_text
from ketamind.exchange.tables import OTHER, EventTable, Record, read_table, write_rows
from ketamind.trials.trial import Arm, Cohort, Endpoint, Trial

TRIAL_COLUMNS = (*COLUMNS, "ARM", "ARMN", "KIND", "SHARE")
NOT_CARRIED = (
    "who takes part (beyond the population's words)",
    "design",
    "conduct",
    "estimand",
    "endpoints",
    "manipulations",
    "published results",
)


@dataclass(frozen=True)
class ReadTrial:
    """A trial that was read, and what its table could not say."""

    trial: Trial
    losses: tuple[str, ...] = NOT_CARRIED


def trial_to_events(
    trial: Trial, path: "str | Path | None" = None, *, weight_kg: float = USUAL_KG, names: str = "nonmem"
) -> str:
    """The trial as the text of an event table, one subject an arm; also written to `path` if given."""
    rows = []
    for number, arm in enumerate(trial.arms, start=1):
        own = {"ARM": arm.name, "ARMN": str(arm.n), "KIND": arm.kind, "SHARE": str(arm.share)}
        given = dose_rows(trial.protocol(arm), str(number), weight_kg)
        planned = [_visit(str(number), t, scale, weight_kg) for t in trial.visits_h for scale in trial.scales]
        rows += [row | own for row in sorted(given + planned, key=lambda row: float(row["TIME"]))]
    text = write_rows(rows, TRIAL_COLUMNS, names)
    if path is not None:
        write_text(path, text)
    return text


def _visit(subject: str, time_h: float, scale: str, weight_kg: float) -> dict[str, str]:
    return {
        "ID": subject,
        "TIME": repr_number(time_h),
        "EVID": "2",
        "MDV": "1",
        "WT": repr_number(weight_kg),
        "DVNAME": scale,
        "DVU": "points",
    }


def trial_from_events(path: "str | Path", name: str = "", *, population: str = "trd;setting=parallel") -> ReadTrial:
    """The trial in a CSV file. Raises BadFile naming file and line, BadValue for a trial that cannot be held."""
    return trial_of(read_table(path), name or Path(path).stem, population)


def trial_of(table: EventTable, name: str, population: str) -> ReadTrial:
    """The trial of a table: subjects with the same ARM are one arm, which must all be given the same."""
    given = protocols(table)
    groups = table.groups()
    arms: dict[str, Arm] = {}
    for subject, rows in groups.items():
        arm = _arm(table, rows, subject, given[subject].protocol.words())
        known = arms.get(arm.name)
        if known is not None and known.protocol != arm.protocol:
            raise table.fault(rows[0], f"arm '{arm.name}' is given something else here than in its other subjects.")
        arms[arm.name] = arm if known is None else replace(known, n=known.n + arm.n)
    visits, scales = _readings(table)
    losses = tuple(dict.fromkeys([*NOT_CARRIED, *(loss for r in given.values() for loss in r.losses)]))
    endpoint = Endpoint("change", scales[0], visits[-1])
    return ReadTrial(Trial(name, name, tuple(arms.values()), Cohort(population), visits, scales, (endpoint,)), losses)


def _arm(table: EventTable, rows: Sequence[Record], subject: str, words: str) -> Arm:
    first = rows[0]
    size, share = (int(first.covariates.get(k, 1.0)) for k in ("ARMN", "SHARE"))
    kind = first.text("KIND") or ("placebo" if words == "none" else "drug")
    try:
        return Arm(first.text("ARM") or f"arm_{subject}", words, size, kind, share)
    except KetamindError as problem:
        raise table.fault(first, str(problem)) from None


def _readings(table: EventTable) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """Visits and scales: the rows of EVID 2 (or samples) that name what is read after dosing."""
    rated = [r for r in table.records if (r.evid == OTHER or r.evid == 0) and r.text("DVNAME") and r.time_h > 0]
    visits = sorted({r.time_h for r in rated}) or [24.0]
    return tuple(visits), tuple(dict.fromkeys(r.text("DVNAME") for r in rated)) or ("madrs",)
