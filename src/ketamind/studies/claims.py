"""Claims put to the model: what must be seen, the control that must take it away, and what was published.

Each claim is tested under every hypothesis that speaks of it. Its verdict is computed, in this order:

    contradicted by                     more published studies speak against it than for it, or no hypothesis shows it
    shown                               every hypothesis that speaks of it shows it
    shown under these hypotheses only   some do

A hypothesis shows a claim if all its checks hold and each control abolishes what it must.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ketamind.errors import unknown_name
from ketamind.evidence.baselines import study_of
from ketamind.evidence.experiments import Experiment
from ketamind.evidence.hypotheses import SHIPPED, Hypothesis, hypotheses_named, shipped_hypotheses
from ketamind.studies import compare
from ketamind.studies.claim_files import Claim, shipped_claims
from ketamind.studies.claim_tests import PEOPLE, Curve, Part, Shown, Workbench
from ketamind.studies.generated import DATA, RENEW, Stamp, read_generated, stamp, write_generated

NAME = "claims"
SHOWN, SOME, CONTRADICTED = "shown", "shown under these hypotheses only", "contradicted by"
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Finding:
    """A published row that bears on a claim, and which hypotheses reproduce it (from the stored comparison)."""

    experiment: Experiment
    supports: bool
    reproduced_by: tuple[str, ...] = ()
    missed_by: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        e = self.experiment
        return {
            "id": e.id,
            "study": study_of(e),
            "citation": e.citation,
            "doi_or_pmid": e.doi_or_pmid,
            "url": e.url,
            "verified": e.verified,
            "species": e.species,
            "protocol": e.protocol,
            "manipulation": e.manipulation,
            "observable": e.observable,
            "statistic": e.statistic,
            "time_h": e.time_h,
            "observed": e.value,
            "unit": e.unit,
            "n": e.n,
            "note": e.note,
            "reproduced_by": list(self.reproduced_by),
            "missed_by": list(self.missed_by),
        }


@dataclass(frozen=True)
class Verdict:
    """A claim, what came of its checks under each hypothesis, and the published findings."""

    claim: Claim
    tested: Mapping[str, tuple[Shown, ...]]
    silent: tuple[str, ...]
    findings: tuple[Finding, ...]
    curves: tuple[Curve, ...] = ()
    parts: tuple[Part, ...] = ()

    @property
    def holders(self) -> tuple[str, ...]:
        """Hypotheses that show the claim."""
        return tuple(name for name, shown in self.tested.items() if all(s.passes for s in shown))

    @property
    def deniers(self) -> tuple[str, ...]:
        """Hypotheses that speak of it and do not show it."""
        return tuple(name for name in self.tested if name not in self.holders)

    @property
    def against(self) -> tuple[Finding, ...]:
        """Published findings against the claim."""
        return tuple(f for f in self.findings if not f.supports)

    @property
    def favour(self) -> tuple[Finding, ...]:
        """Published findings for the claim."""
        return tuple(f for f in self.findings if f.supports)

    @property
    def studies_for(self) -> tuple[str, ...]:
        """Citations of studies that speak for the claim."""
        return _studies(self.favour)

    @property
    def studies_against(self) -> tuple[str, ...]:
        """Citations of studies that speak against it; one study can do both."""
        return _studies(self.against)

    @property
    def outweighed(self) -> bool:
        """True if more studies speak against the claim than for it."""
        return len(self.studies_against) > len(self.studies_for)

    @property
    def verdict(self) -> str:
        """One of the three verdicts."""
        if self.outweighed or not self.holders:
            return CONTRADICTED
        return SOME if self.deniers else SHOWN

    @property
    def contradicted_by(self) -> tuple[str, ...]:
        """What stands against the claim: studies that outweigh those for it, or checks that the model fails."""
        if self.verdict != CONTRADICTED:
            return ()
        papers = self.studies_against if self.outweighed else ()
        return (*papers, *(f"this model: not so that {s.check.says}" for s in self.shown if not s.holds), *self._kept())

    def _kept(self) -> tuple[str, ...]:
        return tuple(
            f"this model: {s.control_words()} of what is seen ({s.check.says})"
            for s in self.shown
            if s.holds and not s.abolished
        )

    @property
    def shown(self) -> tuple[Shown, ...]:
        """The checks under the shipped model, or under the one hypothesis there is."""
        return self.tested.get(SHIPPED) or next(iter(self.tested.values()), ())

    def as_json(self) -> dict[str, Any]:
        """For machines: enough to draw the scene and tell the verdict."""
        c = self.claim
        return {
            "id": c.id,
            "timestamp": c.timestamp,
            "claim": c.claim,
            "mechanism": c.mechanism,
            "must_show": c.must_show,
            "must_abolish": c.must_abolish,
            "verdict": self.verdict,
            "hypotheses": {"show": list(self.holders), "do_not": list(self.deniers), "silent": list(self.silent)},
            "contradicted_by": list(self.contradicted_by),
            "shown": [s.as_json() for s in self.shown],
            "control": [s.control_as_json() for s in self.shown],
            "under": {name: [s.brief() for s in shown] for name, shown in self.tested.items()},
            "for": [f.as_json() for f in self.favour],
            "against": [f.as_json() for f in self.against],
            "protocol": c.test.protocol,
            "curves": [curve.as_json() for curve in self.curves],
            "decomposition": [part.as_json() for part in self.parts],
        }


@dataclass(frozen=True)
class Claims:
    """All claims in the order of the seed. `unfinished` names hypotheses that an interruption left out."""

    verdicts: tuple[Verdict, ...]
    stamps: Mapping[str, Stamp]
    stale: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "claims": [v.as_json() for v in self.verdicts],
            "hypotheses": list(self.stamps),
            "stale": list(self.stale),
            "unfinished": list(self.unfinished),
        }

    def as_text(self) -> str:
        """For people: each claim with its verdict, what was seen, and the papers."""
        lines = [line for v in self.verdicts for line in (*_told(v), "")]
        if self.stale:
            lines.append(f"Older than the numbers it rests on: {', '.join(self.stale)}. {RENEW.format(NAME)}")
        if self.unfinished:
            lines.append(f"Stopped before: {', '.join(self.unfinished)}.")
        return "\n".join([*lines, "For research and teaching. Not medical advice."])


def claims(
    only: Sequence[str] = (),
    *,
    hypotheses: Sequence[str | Hypothesis] = (),
    renew: bool = False,
    seed: int = 1,
    people: int = PEOPLE,
    progress: Progress | None = None,
    describe: Callable[[str], None] = lambda _: None,
) -> Claims:
    """The claims (those named by id, or all) under hypotheses (by name, file or value; all known ones if left out).

    What is stored is read, and `stale` tells what the package has outgrown; the rest is computed. `renew` computes all
    and stores it. An interruption (Ctrl-C) keeps the hypotheses that are finished. Raises UnknownName for a claim or
    hypothesis.
    """
    chosen = _chosen(hypotheses)
    wanted = _wanted(only)
    kept = {} if renew else _kept(seed, people)
    found: dict[str, dict[str, Any]] = {}
    try:
        for place, h in enumerate(chosen):
            describe(h.title)
            if h.name in kept and h in shipped_hypotheses():
                found[h.name] = kept[h.name]
                continue
            advance = compare.part_of(progress, place, len(chosen))
            found[h.name] = _tested(h, wanted if only and not renew else shipped_claims(), seed, people, advance)
            if renew:
                _store(found)
    except KeyboardInterrupt:
        if not found:
            raise
    left = tuple(h.name for h in chosen if h.name not in found)
    return _together(found, wanted, chosen, left)


def stored() -> Claims:
    """The verdicts that come with the package; `stale` names hypotheses whose tests the package has outgrown."""
    known = {h.name: h for h in shipped_hypotheses()}
    held = {name: told for name, told in _read().items() if name in known}
    return _together(held, shipped_claims(), tuple(known[n] for n in held), ())


def _chosen(given: Sequence[str | Hypothesis]) -> tuple[Hypothesis, ...]:
    if not given:
        return hypotheses_named(())
    return tuple(h if isinstance(h, Hypothesis) else hypotheses_named((h,))[0] for h in given)


def _wanted(only: Sequence[str]) -> tuple[Claim, ...]:
    known = {c.id: c for c in shipped_claims()}
    for name in only:
        if name not in known:
            raise unknown_name(name, "a claim", known)
    return tuple(c for c in known.values() if not only or c.id in only)


def _tested(
    h: Hypothesis, wanted: Sequence[Claim], seed: int, people: int, progress: Progress | None
) -> dict[str, Any]:
    """Each claim under one hypothesis, in the form that is stored."""
    bench = Workbench(h, tuple(wanted), seed, people, progress)
    drawn = h.name == SHIPPED
    return {
        "stamp": _stamp(h, seed, people).as_json(),
        "claims": {
            c.id: {
                "checks": [s.packed() for s in bench.shown(c)],
                **({"curves": [x.as_json() for x in bench.curves(c)], "parts": bench.packed_parts(c)} if drawn else {}),
            }
            for c in wanted
            if bench.speaks_of(c)
        },
    }


def _together(
    found: Mapping[str, Mapping[str, Any]], wanted: Sequence[Claim], chosen: Iterable[Hypothesis], left: tuple[str, ...]
) -> Claims:
    stamps = {name: Stamp(**told["stamp"]) for name, told in found.items()}
    known = {h.name: h for h in chosen}
    stale = tuple(n for n, s in stamps.items() if s != _stamp(known[n], s.seed, s.people))
    comparison = compare.stored()
    return Claims(tuple(_verdict(c, found, comparison) for c in wanted), stamps, stale, left)


def _verdict(claim: Claim, found: Mapping[str, Mapping[str, Any]], comparison: compare.Comparison) -> Verdict:
    tested = {
        name: tuple(Shown.unpacked(check, told) for check, told in zip(claim.test.check, held["checks"], strict=True))
        for name, entry in found.items()
        if (held := entry["claims"].get(claim.id)) is not None
    }
    drawn = found.get(SHIPPED, {}).get("claims", {}).get(claim.id, {})
    return Verdict(
        claim=claim,
        tested=tested,
        silent=tuple(n for n in found if n not in tested),
        findings=_findings(claim, comparison),
        curves=tuple(Curve(**curve) for curve in drawn.get("curves", ())),
        parts=tuple(Part(**part) for part in drawn.get("parts", ())),
    )


def _findings(claim: Claim, comparison: compare.Comparison) -> tuple[Finding, ...]:
    rows = {e.id: (e, evidence.supports(e)) for evidence in claim.test.evidence for e in evidence.found()}
    return tuple(
        Finding(e, supports, *(_having(comparison, e, outcome) for outcome in ("agree", "disagree")))
        for e, supports in rows.values()
    )


def _having(comparison: compare.Comparison, e: Experiment, outcome: str) -> tuple[str, ...]:
    return tuple(c.hypothesis.name for c in comparison.columns if comparison.cell(c, e).outcome == outcome)


def _studies(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Citations, one a study."""
    return tuple({study_of(f.experiment): f.experiment.citation for f in findings}.values())


def _stamp(h: Hypothesis, seed: int, people: int) -> Stamp:
    return stamp(h, _form(), seed, people)


def _form() -> str:
    """A fingerprint of the checks, without which stored numbers have no meaning."""
    return hashlib.sha256((DATA / "claims.toml").read_bytes()).hexdigest()[:16]


def _read() -> dict[str, dict[str, Any]]:
    """Stored tests; none if the checks have changed since."""
    held = read_generated(NAME)
    return dict(held["hypotheses"]) if held.get("form") == _form() else {}


def _kept(seed: int, people: int) -> dict[str, dict[str, Any]]:
    """Stored tests of this seed and size."""
    known = {h.name for h in shipped_hypotheses()}
    stamps = {n: Stamp(**t["stamp"]) for n, t in _read().items() if n in known}
    return {n: t for n, t in _read().items() if n in known and (stamps[n].seed, stamps[n].people) == (seed, people)}


def _store(found: Mapping[str, dict[str, Any]]) -> None:
    """Put tests in the place of those stored under their names."""
    write_generated(NAME, {"form": _form(), "hypotheses": {**_read(), **found}})


def _told(v: Verdict) -> list[str]:
    c = v.claim
    lines = [f"{c.timestamp or '--:--:--'}  {c.id}: {c.claim}", f"  verdict: {_words(v)}"]
    lines += [f"  {s.words()}" for s in v.shown]
    for title, papers in (("for", v.studies_for), ("against", v.studies_against)):
        if papers:
            lines.append(f"  {title}: {'; '.join(papers)}")
    return lines


def _words(v: Verdict) -> str:
    if v.verdict == SOME:
        return f"{SOME}: {', '.join(v.holders)}"
    if v.verdict == CONTRADICTED:
        return f"{CONTRADICTED}: {'; '.join(v.contradicted_by)}"
    return SHOWN
