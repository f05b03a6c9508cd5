"""Hypotheses as TOML files: those that come with the package, a lab's own, and those of installed plug-ins.

    name = "hnk"
    title = "Hydroxynorketamine"
    account = "A metabolite, not ketamine, starts the relief ..."
    without = ["disinhibition"]           # mechanisms switched off
    free = ["hnk.release_gain"]           # parameters that calibration may move
    sources = ["zanos-2016"]
    add = ["my_mechanism.py:MECHANISM"]   # mechanisms that the shipped chain does not have
    silent = ["circuit"]                  # domains on which it says nothing
    [values]                              # parameter values
    "bdnf.g_H" = 1.0

Only `name`, `title` and `account` must be there. `add` names an alternative that comes with the package, a mechanism
of an installed plug-in (entry point group `ketamind.mechanisms`), or an object in a Python file beside the TOML file,
which is run when the hypothesis is loaded: load only files that you trust. An installed plug-in offers its own
hypotheses by the group `ketamind.hypotheses`, each entry the path of a TOML file.
"""

import runpy
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import metadata, resources
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ketamind.biology.alternatives import ALTERNATIVES
from ketamind.biology.chain import full_chain
from ketamind.declare import Addition, extended
from ketamind.errors import BadFile, KetamindError, UnknownName, unknown_name
from ketamind.evidence.courses import Laboratory
from ketamind.evidence.experiments import Experiment, Refusal
from ketamind.evidence.score import PEOPLE, Row, Score, score_experiments
from ketamind.evidence.vocabulary import DOMAINS

SHIPPED = "all_together"
"""The hypothesis that changes nothing: the chain as it comes."""
LONGEST_TEXT = 100_000


@dataclass(frozen=True)
class Hypothesis:
    """An account of how ketamine lifts mood, as changes to the shipped chain.

    Mechanisms off (`without`), parameter values by table row (`values`), parameters that calibration may move
    (`free`), mechanisms wired in (`additions`), and domains of experiments on which it says nothing (`silent`).
    """

    name: str
    title: str
    account: str
    without: tuple[str, ...] = ()
    values: Mapping[str, float] = field(default_factory=dict, hash=False)
    free: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    additions: tuple[Addition, ...] = ()
    silent: tuple[str, ...] = ()
    order: int = 100

    def laboratory(self, seed: int = 1) -> Laboratory:
        """Where its experiments are run."""
        return Laboratory(without=self.without, values=dict(self.values), seed=seed, additions=self.additions)

    def less(self, mechanisms: Iterable[str]) -> "Hypothesis":
        """The same with further mechanisms switched off. Raises UnknownName."""
        more = tuple(mechanisms)
        _known(more, "a mechanism", "--without", extended(full_chain(), self.additions).mechanisms)
        return replace(self, without=tuple(dict.fromkeys((*self.without, *more))))

    def speaks_of(self, e: Experiment) -> bool:
        """False for an experiment of a domain on which it is silent, unless one of its own mechanisms gives it."""
        return e.domain not in self.silent or any(e.observable in a.outputs for a in self.additions)

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "name": self.name,
            "title": self.title,
            "account": self.account,
            "without": list(self.without),
            "values": dict(self.values),
            "free": list(self.free),
            "added": [a.name for a in self.additions],
            "silent": list(self.silent),
            "sources": list(self.sources),
        }


class HypothesisTable(BaseModel):
    """A whole file."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str = Field(min_length=1)
    account: str = Field(min_length=1)
    without: list[str] = []
    values: dict[str, Annotated[float, Field(allow_inf_nan=False)]] = {}
    free: list[str] = []
    sources: list[str] = []
    add: list[str] = []
    silent: list[str] = []
    order: int = 100


@lru_cache(maxsize=1)
def shipped_hypotheses() -> tuple[Hypothesis, ...]:
    """The hypotheses that come with the package, the shipped chain last."""
    found = [read_hypothesis(path) for path in _folder().glob("*.toml")]
    return tuple(sorted(found, key=lambda h: (h.order, h.name)))


def installed_hypotheses() -> tuple[Hypothesis, ...]:
    """The hypotheses of installed plug-ins. Raises BadFile for one that cannot be loaded."""
    return tuple(_installed(entry) for entry in _entries("ketamind.hypotheses").values())


def load_hypothesis(given: str | Path) -> Hypothesis:
    """The hypothesis of that name (shipped or installed), or in the TOML file of that name.

    >>> load_hypothesis("hnk").title
    'Hydroxynorketamine'

    Raises UnknownName for a name, mechanism or parameter that is not known, BadFile for a file that cannot be read
    or understood.
    """
    if str(given).lower().endswith(".toml"):
        return read_hypothesis(Path(given))
    shipped = {h.name: h for h in shipped_hypotheses()}
    if given in shipped:
        return shipped[str(given)]
    entries = _entries("ketamind.hypotheses")
    if given in entries:
        return _installed(entries[str(given)])
    raise unknown_name(str(given), "a hypothesis", {*shipped, *entries}, "A file of your own ends in .toml.")


def read_hypothesis(path: Path) -> Hypothesis:
    """The hypothesis in a TOML file. Raises BadFile naming file and key, UnknownName for what the model has not."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, ValueError) as problem:
        raise BadFile(f"'{path}' cannot be read as a hypothesis ({problem}).") from None
    if len(text) > LONGEST_TEXT:
        raise BadFile(
            f"{path.name}: a hypothesis may have at most {LONGEST_TEXT} characters, and this has {len(text)}."
        )
    try:
        table = HypothesisTable.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        raise BadFile(f"{path.name}: this is not TOML: {problem}.") from None
    except ValidationError as problem:
        raise _what_is_wrong(problem, path.name) from None
    additions = tuple(_addition(words, path) for words in table.add)
    found = Hypothesis(
        **{key: _frozen(value) for key, value in table.model_dump(exclude={"add"}).items()}, additions=additions
    )
    _check(found, path.name)
    return found


def score_hypothesis(
    hypothesis: Hypothesis,
    experiments: Sequence[Experiment],
    *,
    seed: int = 1,
    domain: str = "",
    people: int = PEOPLE,
    refused: Sequence[tuple[str, Refusal]] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Score:
    """Score experiments under a hypothesis; those on which it says nothing are not applicable."""
    chosen = [e for e in experiments if not domain or e.domain == domain]
    spoken = [e for e in chosen if hypothesis.speaks_of(e)]
    lab = hypothesis.laboratory(seed)
    found = score_experiments(spoken, lab, people=people, refused=refused, progress=progress)
    rows = iter(found.rows)
    silence = f"'{hypothesis.title}' says nothing of the {{}}"
    told = tuple(
        next(rows) if hypothesis.speaks_of(e) else Row(e, "not_applicable", reason=silence.format(e.domain))
        for e in chosen
    )
    return Score(told, tuple(refused), lab)


def _folder() -> Path:
    return Path(str(resources.files("ketamind") / "data" / "hypotheses"))


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _entries(group: str) -> dict[str, metadata.EntryPoint]:
    """Entry points of a group by name."""
    return {entry.name: entry for entry in metadata.entry_points(group=group)}


def _installed(entry: metadata.EntryPoint) -> Hypothesis:
    given = _loaded(entry)
    if not isinstance(given, str | Path):
        raise BadFile(f"plug-in '{entry.name}' ({entry.value}) must be the path of a TOML file, not {_kind(given)}.")
    return read_hypothesis(Path(given))


def _loaded(entry: metadata.EntryPoint) -> Any:
    try:
        return entry.load()
    except Exception as problem:
        raise BadFile(f"plug-in '{entry.name}' ({entry.value}) cannot be loaded: {problem}.") from problem


def _addition(words: str, path: Path) -> Addition:
    """A mechanism by the name of an alternative or of a plug-in, or as `FILE.py:NAME` beside the hypothesis."""
    if ".py:" in words:
        return _in_file(words, path)
    entries = _entries("ketamind.mechanisms")
    if words in ALTERNATIVES:
        return ALTERNATIVES[words]
    if words not in entries:
        kind = f"a mechanism to add ({path.name}, key 'add')"
        raise unknown_name(words, kind, {*ALTERNATIVES, *entries}, "FILE.py:NAME adds one of your own.")
    return _as_addition(_loaded(entries[words]), f"plug-in '{words}'")


def _in_file(words: str, path: Path) -> Addition:
    name, _, symbol = words.rpartition(":")
    file = path.parent / name
    if not file.is_file():
        raise BadFile(f"{path.name}, key 'add': '{file}' is not a file.")
    try:
        held = runpy.run_path(str(file))
    except Exception as problem:
        raise BadFile(f"{path.name}, key 'add': '{name}' cannot be run: {problem}.") from problem
    if symbol not in held:
        raise unknown_name(symbol, f"a name in '{name}' ({path.name}, key 'add')", [n for n in held if n.isupper()])
    return _as_addition(held[symbol], f"'{words}'")


def _as_addition(given: Any, where: str) -> Addition:
    if not isinstance(given, Addition):
        raise BadFile(f"{where} must be a ketamind.declare.Addition, not {_kind(given)}.")
    return given


def _kind(given: object) -> str:
    return f"an object of type {type(given).__name__}"


def _check(h: Hypothesis, file: str) -> None:
    """Raise UnknownName, telling file and key, for names that the model does not have."""
    model = extended(full_chain(), h.additions)
    parameters = {*model.rows, *model.table.names()}
    _known(h.without, "a mechanism", f"{file}, key 'without'", model.mechanisms)
    _known(h.values, "a parameter", f"{file}, key 'values'", parameters)
    _known(h.free, "a parameter", f"{file}, key 'free'", parameters)
    _known(h.silent, "a domain", f"{file}, key 'silent'", DOMAINS)


def _known(names: Iterable[str], kind: str, where: str, known: Iterable[str]) -> None:
    for name in names:
        if name not in known:
            raise unknown_name(name, f"{kind} of the model ({where})", known)


def _what_is_wrong(problem: ValidationError, file: str) -> KetamindError:
    first = problem.errors()[0]
    place = [str(part) for part in first["loc"]]
    if first["type"] == "extra_forbidden":
        return unknown_name(place[-1], f"a key of a hypothesis ({file})", HypothesisTable.model_fields)
    return BadFile(f"{file}, key '{' '.join(place)}': {first['msg'].lower()}.")


def hypotheses_named(names: Iterable[str]) -> tuple[Hypothesis, ...]:
    """Hypotheses by name or file; all shipped and installed ones if none is named. Raises as `load_hypothesis`."""
    chosen = tuple(names)
    found = [load_hypothesis(n) for n in chosen] if chosen else [*shipped_hypotheses(), *installed_hypotheses()]
    twice = sorted({h.name for h in found if sum(other.name == h.name for other in found) > 1})
    if twice:
        raise UnknownName(f"two hypotheses are called '{twice[0]}'; give one of them another name.")
    return tuple(found)
