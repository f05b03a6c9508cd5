"""Rival hypotheses on one set of experiments: which finding each reproduces, and which findings tell them apart.

The score of a hypothesis is the share of experiments that it agrees with. Its interval is a bootstrap by study, since
rows of one study are not independent; so is the chance that a hypothesis does better than the two-pool baseline, over
the rows on which both speak. `deciding` counts only the experiments of `data/deciding.toml`, on which accounts of
ketamine part.
"""

import json
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ketamind.errors import BadFile
from ketamind.evidence.baselines import study_of
from ketamind.evidence.experiments import Experiment, read_experiments, shipped_experiments
from ketamind.evidence.hypotheses import Hypothesis, hypotheses_named, score_hypothesis, shipped_hypotheses
from ketamind.evidence.score import PEOPLE, Outcome, Row, finite
from ketamind.studies.generated import DATA, RENEW, Stamp, read_generated, stamp, write_generated

NAME = "compare"
BASELINE = "two_pool"
RESAMPLES = 2000
LETTERS: Mapping[str, Outcome] = {"a": "agree", "d": "disagree", "n": "not_applicable", "f": "failed"}
DIGITS = 4
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Theme:
    """A question on which hypotheses part, and the experiments that answer it."""

    name: str
    question: str
    experiments: tuple[str, ...]


@dataclass(frozen=True)
class Cell:
    """One experiment under one hypothesis."""

    outcome: Outcome
    predicted: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class Share:
    """How many of the experiments compared agree, and the 95 % interval of that share over studies."""

    agree: int
    compared: int
    low: float | None = None
    high: float | None = None

    @property
    def share(self) -> float | None:
        """Agreeing share, 0 to 1."""
        return self.agree / self.compared if self.compared else None

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "agree": self.agree,
            "compared": self.compared,
            "share": self.share,
            "low": self.low,
            "high": self.high,
        }


@dataclass(frozen=True)
class Column:
    """All experiments under one hypothesis, by id, and what the column was computed from."""

    hypothesis: Hypothesis
    cells: Mapping[str, Cell]
    stamp: Stamp

    @property
    def stale(self) -> bool:
        """True if the package has moved on since."""
        return self.stamp != _stamp(self.hypothesis, self.stamp.seed, self.stamp.people)


@dataclass(frozen=True)
class Comparison:
    """Columns of hypotheses over the same experiments. `unfinished` names those that an interruption left out."""

    experiments: tuple[Experiment, ...]
    columns: tuple[Column, ...]
    unfinished: tuple[str, ...] = ()

    @property
    def stale(self) -> tuple[str, ...]:
        """Hypotheses whose column is older than the numbers that it rests on."""
        return tuple(c.hypothesis.name for c in self.columns if c.stale)

    @cached_property
    def studies(self) -> tuple[str, ...]:
        """The study of each experiment."""
        return tuple(study_of(e) for e in self.experiments)

    def cell(self, column: Column, e: Experiment) -> Cell:
        """One cell; an experiment that the column does not hold is not applicable."""
        return column.cells.get(e.id, Cell("not_applicable", reason="not computed"))

    def share(self, column: Column, ids: Iterable[str] | None = None) -> Share:
        """Agreement over all experiments, or those with these ids."""
        wanted = None if ids is None else set(ids)
        pairs = [
            (study, cell.outcome == "agree")
            for e, study in zip(self.experiments, self.studies, strict=True)
            if (wanted is None or e.id in wanted) and (cell := self.cell(column, e)).outcome in ("agree", "disagree")
        ]
        if not pairs:
            return Share(0, 0)
        totals = _by_study([p[0] for p in pairs], np.array([[a, 1.0] for _, a in pairs]))
        drawn = _resampled(totals)
        low, high = np.percentile(drawn[:, 0] / drawn[:, 1], [2.5, 97.5])
        return Share(sum(a for _, a in pairs), len(pairs), float(low), float(high))

    def beats(self, column: Column, baseline: str = BASELINE) -> float | None:
        """Chance, over studies, that a hypothesis agrees more often than the baseline where both speak."""
        other = next((c for c in self.columns if c.hypothesis.name == baseline), None)
        if other is None or other is column:
            return None
        rows = [(s, self.cell(column, e).outcome, self.cell(other, e).outcome) for e, s in self._studied()]
        both = [(s, a, b) for s, a, b in rows if {a, b} <= {"agree", "disagree"}]
        if not both:
            return None
        gain = np.array([[(a == "agree") - (b == "agree")] for _, a, b in both], dtype=np.float64)
        drawn = _resampled(_by_study([s for s, _, _ in both], gain))[:, 0]
        return float(np.mean(drawn > 0) + 0.5 * np.mean(drawn == 0))

    def _studied(self) -> list[tuple[Experiment, str]]:
        return list(zip(self.experiments, self.studies, strict=True))

    @cached_property
    def parting(self) -> tuple[str, ...]:
        """Experiments on which the hypotheses that speak of them do not all agree or all disagree."""
        found = []
        for e in self.experiments:
            outcomes = {self.cell(c, e).outcome for c in self.columns} & {"agree", "disagree"}
            if len(outcomes) == 2:
                found.append(e.id)
        return tuple(found)

    def as_json(self) -> dict[str, Any]:
        """For machines: hypotheses with scores, experiments, groups, themes, and a cell for each pair."""
        return {
            "stale": list(self.stale),
            "unfinished": list(self.unfinished),
            "hypotheses": [self._hypothesis(c) for c in self.columns],
            "experiments": [_told(e) for e in self.experiments],
            "groups": self.groups(),
            "themes": [self._theme(t) for t in themes()],
            "parting": list(self.parting),
            "cells": {
                c.hypothesis.name: {e.id: _cell(self.cell(c, e)) for e in self.experiments} for c in self.columns
            },
        }

    def groups(self) -> list[dict[str, Any]]:
        """Experiments by domain and study, in the order of the tables."""
        found: dict[tuple[str, str], list[str]] = {}
        for e, study in self._studied():
            found.setdefault((e.domain, study), []).append(e.id)
        ordered = sorted(found.items(), key=lambda item: list(dict.fromkeys(d for d, _ in found)).index(item[0][0]))
        return [{"domain": domain, "study": study, "ids": ids} for (domain, study), ids in ordered]

    def by_domain(self, column: Column) -> dict[str, Share]:
        """Agreement by domain."""
        names = dict.fromkeys(e.domain for e in self.experiments)
        return {n: self.share(column, [e.id for e in self.experiments if e.domain == n]) for n in names}

    def deciding(self, column: Column) -> Share:
        """Agreement on the deciding experiments."""
        return self.share(column, deciding_ids())

    def _hypothesis(self, column: Column) -> dict[str, Any]:
        return {
            **column.hypothesis.as_json(),
            "stamp": column.stamp.as_json(),
            "stale": column.stale,
            "score": self.share(column).as_json(),
            "parting": self.share(column, self.parting).as_json(),
            "deciding": self.deciding(column).as_json(),
            "by_domain": {d: s.as_json() for d, s in self.by_domain(column).items()},
            "beats_baseline": self.beats(column),
            "cross_validated": cross_validated().get(column.hypothesis.name),
        }

    def _theme(self, theme: Theme) -> dict[str, Any]:
        agreement = {c.hypothesis.name: self.share(c, theme.experiments).as_json() for c in self.columns}
        return {"name": theme.name, "question": theme.question, "ids": list(theme.experiments), "agreement": agreement}

    def as_text(self) -> str:
        """For people: scores, then each deciding theme by hypothesis."""
        return "\n".join(
            [
                *self._score_lines(),
                "",
                *self._theme_lines(),
                "",
                f"{len(self.parting)} of {len(self.experiments)} experiments tell these hypotheses apart.",
                *self._warnings(),
                "For research and teaching. Not medical advice.",
            ]
        )

    def _score_lines(self) -> list[str]:
        head = f"{'hypothesis':<40}{'agree':>7}{'of':>5}  {'share (95 % over studies)':<27}{'deciding':>9}"
        head += f"{'beats two pools':>17}"
        validated = cross_validated()
        lines = [head + ("   cross-validated" if validated else "")]
        for c in self.columns:
            total, deciding, beats = self.share(c), self.deciding(c), self.beats(c)
            line = f"{c.hypothesis.title:<40}{total.agree:>7}{total.compared:>5}  {_percent(total):<27}"
            line += (
                f"{f'{deciding.agree}/{deciding.compared}':>9}{'-' if beats is None else f'{100 * beats:.0f} %':>17}"
            )
            lines.append(line + (f"   {_validated(validated.get(c.hypothesis.name))}" if validated else ""))
        return lines

    def _theme_lines(self) -> list[str]:
        lines = ["Deciding experiments, agreeing of those compared:"]
        for number, c in enumerate(self.columns, start=1):
            lines.append(f"  {number:>2} {c.hypothesis.title}")
        lines.append(f"{'':<28}" + "".join(f"{number:>6}" for number in range(1, len(self.columns) + 1)))
        for theme in themes():
            shares = [self.share(c, theme.experiments) for c in self.columns]
            if not any(s.compared for s in shares):
                continue
            lines.append(f"{theme.name:<28}" + "".join(f"{f'{s.agree}/{s.compared}':>6}" for s in shares))
        return lines

    def _warnings(self) -> list[str]:
        told = []
        if self.stale:
            told.append(f"Older than the numbers it rests on: {', '.join(self.stale)}. {RENEW.format(NAME)}")
        if self.unfinished:
            told.append(f"Stopped before: {', '.join(self.unfinished)}.")
        return told


def compare(
    hypotheses: Sequence[str] = (),
    *,
    renew: bool = False,
    seed: int = 1,
    people: int = PEOPLE,
    experiments: Sequence[Experiment] | None = None,
    progress: Progress | None = None,
    describe: Callable[[str], None] = lambda _: None,
) -> Comparison:
    """Hypotheses by name or file (all known ones if none is named) on the shipped experiments.

    Columns that are stored are read, and `stale` tells which of them the package has outgrown; others are computed,
    about half a minute each. `renew` computes all that are named and stores them. An interruption (Ctrl-C) keeps what
    is finished. With `experiments` of one's own nothing is read or stored.
    """
    chosen = hypotheses_named(hypotheses)
    rows = tuple(experiments) if experiments is not None else all_experiments()
    kept = {} if renew or experiments is not None else _kept(rows, seed, people)
    found: list[Column] = []
    try:
        for place, h in enumerate(chosen):
            describe(h.title)
            advance = part_of(progress, place, len(chosen))
            found.append(kept[h.name] if _holds(kept, h) else _column(h, rows, seed, people, advance))
            if renew:
                _store(found, rows)
    except KeyboardInterrupt:
        if not found:
            raise
    left = tuple(h.name for h in chosen[len(found) :])
    return Comparison(rows, tuple(found), left)


def stored() -> Comparison:
    """The comparison that comes with the package; `stale` names columns that the package has outgrown."""
    rows = all_experiments()
    kept = _read(rows)
    order = [h.name for h in shipped_hypotheses()]
    columns = sorted(kept.values(), key=lambda c: order.index(c.hypothesis.name) if c.hypothesis.name in order else 99)
    return Comparison(rows, tuple(columns))


@lru_cache(maxsize=1)
def all_experiments() -> tuple[Experiment, ...]:
    """The shipped experiments, and further ones that tell hypotheses apart."""
    return (*shipped_experiments(), *read_experiments(DATA / "further_experiments.csv")[0])


@lru_cache(maxsize=1)
def themes() -> tuple[Theme, ...]:
    """The questions on which hypotheses part."""
    table = tomllib.loads((DATA / "deciding.toml").read_text(encoding="utf-8"))
    return tuple(Theme(t["name"], t["question"], tuple(t["experiments"])) for t in table["theme"])


def deciding_ids() -> tuple[str, ...]:
    """All deciding experiments."""
    return tuple(dict.fromkeys(i for t in themes() for i in t.experiments))


def cross_validated() -> dict[str, Any]:
    """Cross-validated predictive score by hypothesis, where a calibration has stored it; empty otherwise.

    `data/calibration/hypotheses.json` holds for each name a `score` and what else the calibration tells. Raises
    BadFile for one that is damaged.
    """
    path = DATA / "calibration" / "hypotheses.json"
    if not path.is_file():
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except ValueError as problem:
        raise BadFile(f"'{path}' cannot be read as scores of hypotheses ({problem}).") from None


def _column(h: Hypothesis, rows: Sequence[Experiment], seed: int, people: int, progress: Progress | None) -> Column:
    score = score_hypothesis(h, rows, seed=seed, people=people, progress=progress)
    return Column(h, {r.experiment.id: _of_row(r) for r in score.rows}, _stamp(h, seed, people))


def _of_row(row: Row) -> Cell:
    reason = row.reason if row.outcome in ("not_applicable", "failed") else ""
    return Cell(row.outcome, _rounded(row.predicted), _rounded(row.low), _rounded(row.high), reason)


def _rounded(value: float | None) -> float | None:
    number = finite(value)
    return None if number is None else float(f"{number:.{DIGITS}g}")


def _stamp(h: Hypothesis, seed: int, people: int) -> Stamp:
    more = (DATA / "further_experiments.csv").read_text(encoding="utf-8")
    return stamp(h, more, seed, people)


def _holds(kept: Mapping[str, Column], h: Hypothesis) -> bool:
    return h.name in kept and kept[h.name].hypothesis == h


def _kept(rows: Sequence[Experiment], seed: int, people: int) -> dict[str, Column]:
    """Stored columns of this seed and size."""
    return {n: c for n, c in _read(rows).items() if (c.stamp.seed, c.stamp.people) == (seed, people)}


def part_of(progress: Progress | None, place: int, parts: int) -> Progress | None:
    """Progress of one part as progress of the whole, in thousandths of a part."""
    if progress is None:
        return None
    return lambda done, of: progress(int(1000 * (place + done / max(of, 1))), 1000 * parts)


def _read(rows: Sequence[Experiment]) -> dict[str, Column]:
    held = read_generated(NAME)
    known = {h.name: h for h in shipped_hypotheses()}
    ids = held.get("ids", [])
    found = {}
    for name, told in held.get("hypotheses", {}).items():
        if name in known:
            found[name] = Column(known[name], _cells(ids, told), Stamp(**told["stamp"]))
    return found


def _cells(ids: Sequence[str], told: Mapping[str, Any]) -> dict[str, Cell]:
    reasons = told["reasons"]
    each = zip(ids, told["outcomes"], told["predicted"], told["low"], told["high"], strict=True)
    return {i: Cell(LETTERS[o], p, low, high, reasons.get(i, "")) for i, o, p, low, high in each}


def _store(columns: Sequence[Column], rows: Sequence[Experiment]) -> None:
    """Put columns in the place of those stored under their names; others stay if they are of the same rows."""
    ids = [e.id for e in rows]
    held = read_generated(NAME)
    others = held.get("hypotheses", {}) if held.get("ids") == ids else {}
    write_generated(
        NAME, {"ids": ids, "hypotheses": {**others, **{c.hypothesis.name: _packed(c, ids) for c in columns}}}
    )


def _packed(column: Column, ids: Sequence[str]) -> dict[str, Any]:
    letters = {outcome: letter for letter, outcome in LETTERS.items()}
    cells = [column.cells[i] for i in ids]
    return {
        "stamp": column.stamp.as_json(),
        "outcomes": "".join(letters[c.outcome] for c in cells),
        "predicted": [c.predicted for c in cells],
        "low": [c.low for c in cells],
        "high": [c.high for c in cells],
        "reasons": {i: c.reason for i, c in zip(ids, cells, strict=True) if c.reason},
    }


def _by_study(studies: Sequence[str], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums (studies, columns) of values (rows, columns)."""
    names = {name: i for i, name in enumerate(dict.fromkeys(studies))}
    found = np.zeros((len(names), values.shape[1]))
    np.add.at(found, [names[s] for s in studies], values)
    return found


def _resampled(totals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums (resamples, columns) over studies drawn with replacement; the same draws each time."""
    rng = np.random.default_rng(1)
    counts = rng.multinomial(len(totals), np.full(len(totals), 1 / len(totals)), size=RESAMPLES)
    return np.asarray(counts @ totals, dtype=np.float64)


def _told(e: Experiment) -> dict[str, Any]:
    names = {i: t.name for t in themes() for i in t.experiments}
    return {
        "id": e.id,
        "domain": e.domain,
        "study": study_of(e),
        "theme": names.get(e.id),
        "species": e.species,
        "population": e.population,
        "protocol": e.protocol,
        "comparator": e.comparator,
        "manipulation": e.manipulation,
        "observable": e.observable,
        "statistic": e.statistic,
        "time_h": e.time_h,
        "observed": e.value,
        "unit": e.unit,
        "n": e.n,
        "citation": e.citation,
        "doi_or_pmid": e.doi_or_pmid,
        "url": e.url,
        "verified": e.verified,
        "note": e.note,
    }


def _cell(cell: Cell) -> dict[str, Any]:
    told: dict[str, Any] = {
        "outcome": cell.outcome,
        "predicted": cell.predicted,
        "low": cell.low,
        "high": cell.high,
    }
    return {**told, "reason": cell.reason} if cell.reason else told


def _percent(share: Share) -> str:
    if share.share is None or share.low is None or share.high is None:
        return "-"
    return f"{100 * share.share:.0f} % ({100 * share.low:.0f} to {100 * share.high:.0f})"


def _validated(found: Mapping[str, Any] | None) -> str:
    return f"{found['score']:.2f}" if found and "score" in found else "-"
