"""Somebody's own measurements beside the model: a CSV is read, its columns guessed, laid over a run, and fitted.

Nothing is kept: a table comes with each request and is forgotten with the answer, and no other machine is asked.
"""

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ketamind.biology.pharmacokinetics import molar_mass
from ketamind.errors import BadFile, BadValue, unknown_name
from ketamind.page.asked import Asked, times_to, typical_run, under_each
from ketamind.page.doors import Checked
from ketamind.page.export import harmless
from ketamind.simulation.simulate import chain_for

Floats = NDArray[np.float64]
LARGEST_FILE = 8_000_000
MOST_ROWS = 100_000
MOST_COLUMNS = 60
LONGEST_NAME = 60
FIRST_ROWS = 8
MOST_POINTS = 4_000
TIME_UNITS = {"s": 1 / 3600, "min": 1 / 60, "h": 1.0, "d": 24.0, "wk": 168.0}
SUBSTANCES = ("ketamine", "s_ketamine", "r_ketamine", "norketamine", "dehydronorketamine", "hydroxynorketamine")
BANDS = ("delta", "theta", "alpha", "beta", "gamma")
SCALES = ("madrs", "hamd17", "cadss")
ROLES = {
    "time": "time",
    "subject": "person",
    **{f"venous_{s}": f"venous {s.replace('_', '-')}" for s in SUBSTANCES},
    "madrs": "MADRS",
    "hamd17": "HAM-D 17",
    "cadss": "CADSS",
    **{f"power_{b}": f"EEG {b} power" for b in BANDS},
    "ignore": "not used",
}
UNITS = {
    "time": tuple(TIME_UNITS),
    "venous": ("ng/mL", "ug/L", "uM", "nM", "mg/L"),
    "scale": ("points", "change in points"),
    "power": ("ratio to before", "percent change", "dB change", "uV2"),
}
HINTS = (
    ("subject", r"^(subject|subj|id|patient|participant|person)([ _]?(id|no|nr|number))?$"),
    ("venous_dehydronorketamine", r"dhnk|dehydronor"),
    ("venous_hydroxynorketamine", r"hnk|hydroxynor"),
    ("venous_norketamine", r"norket|\bnk\b"),
    ("venous_s_ketamine", r"\bs[ _-]?ket|esket"),
    ("venous_r_ketamine", r"\br[ _-]?ket|arket"),
    ("venous_ketamine", r"ket|plasma|conc|\bcp\b"),
    ("madrs", r"madrs|montgomery"),
    ("hamd17", r"ham ?-?d|hdrs"),
    ("cadss", r"cadss|dissoc"),
    *((f"power_{b}", b) for b in BANDS),
    ("time", r"time|hour|^t( |$)|^min(ute)?s?$|^days?$|visit"),
)
UNIT_HINTS = (
    ("ng/mL", r"ng ?/? ?ml"),
    ("ug/L", r"(u|µ|μ|mc)g ?/? ?l"),
    ("mg/L", r"mg ?/? ?l"),
    ("uM", r"\b(u|µ|μ)(m|mol)\b|umol"),
    ("nM", r"\bn(m|mol)\b|nmol"),
    ("percent change", r"%|percent"),
    ("dB change", r"\bdb\b"),
    ("uV2", r"(u|µ|μ)v"),
    ("change in points", r"change|delta from|improvement"),
    ("min", r"\bmins?\b|minute"),
    ("d", r"\bd\b|\bdays?\b"),
    ("wk", r"\bwk\b|week"),
    ("s", r"\bs\b|\bsec"),
    ("h", r"\bh\b|hour|\bhrs?\b"),
)
FITTED = {
    "venous": (("ketamine.CL_int_s", "ketamine.CL_int_r"), ("ketamine.V_c", "ketamine.V_1", "ketamine.V_2")),
    "scale": (("patient.baseline_madrs",), ("depression.beta",)),
}
"""What is fitted to which data: groups of parameters that share one factor."""

FIT_NAMES = {
    "ketamine.CL_int_s": "clearance by the liver (both enantiomers)",
    "ketamine.V_c": "volumes of distribution (all three)",
    "patient.baseline_madrs": "MADRS before treatment",
    "depression.beta": "odds of improvement at full drive",
}
RATING_SD, LOG_SD = 4.0, 0.3
WIDEST = math.log(8.0)
Cell = Annotated[str, Field(max_length=80)]


class Column(Checked):
    """What one column is said to be."""

    role: Cell
    unit: Cell = ""


class Confirmed(Checked):
    """A table, what its columns are, and the run that it is laid over."""

    csv: str = Field(max_length=LARGEST_FILE)
    columns: list[Column] = Field(max_length=MOST_COLUMNS)
    asked: Asked


@dataclass(frozen=True)
class Table:
    """A CSV that could be read: names as given, and cells as text."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Measured:
    """Values of one observable in the model's unit: when, how much, and in whom; `relative` to own baseline or not."""

    observable: str
    time_h: Floats
    value: Floats
    person: tuple[str, ...]
    relative: bool


def read_csv(raw: bytes | str) -> Table:
    """The table of a CSV text. Raises BadFile naming line and column of what is wrong, or the limit that is passed."""
    text = raw if isinstance(raw, str) else _decoded(raw)
    if "\x00" in text:
        raise BadFile(f"line {text[: text.index(chr(0))].count(chr(10)) + 1}: a zero byte; this is not a CSV text.")
    if text.count("\n") > MOST_ROWS + 1:
        raise BadFile(f"the file has more than {MOST_ROWS:,} rows, the most that is taken. Average or thin it first.")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    rows: list[tuple[str, ...]] = []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(tuple(row))
                _check_row(rows, reader.line_num)
    except csv.Error as problem:
        raise BadFile(f"line {reader.line_num}: this is not CSV ({problem}).") from None
    if len(rows) < 2:
        raise BadFile("the file needs a first line with names and at least one line with numbers.")
    return Table(rows[0], tuple(rows[1:]))


def described(table: Table) -> dict[str, Any]:
    """The first rows, and for each column a harmless name with a guess of what it is, waiting to be confirmed."""
    columns = []
    for i, name in enumerate(table.names):
        role = _guess(name, [r[i] for r in table.rows[:200]])
        columns.append({"name": harmless(name), "role": role, "unit": _guess_unit(name, role)})
    first = [[harmless(cell) for cell in row] for row in table.rows[:FIRST_ROWS]]
    kinds = {role: list(UNITS.get(_kind(role), ())) for role in ROLES}
    return {"columns": columns, "first": first, "rows": len(table.rows), "roles": ROLES, "units": kinds}


def measured(table: Table, columns: Sequence[Column]) -> list[Measured]:
    """Every observable of the table in the model's units. Raises BadFile or BadValue naming line and column."""
    _check_columns(table, columns)
    place = {c.role: i for i, c in enumerate(columns)}
    times = _numbers(table, place["time"]) * TIME_UNITS[columns[place["time"]].unit]
    person = tuple(r[place["subject"]].strip() if "subject" in place else "" for r in table.rows)
    found = []
    for i, column in enumerate(columns):
        if _kind(column.role) not in ("venous", "scale", "power"):
            continue
        here = np.isfinite(values := _numbers(table, i)) & np.isfinite(times)
        whose = tuple(p for p, ok in zip(person, here, strict=True) if ok)
        if here.any():
            found.append(_in_model_units(column, times[here], values[here], whose))
    if not found:
        raise BadValue("no column holds a number at a time. Say which column is the time, and which are measured.")
    return found


def overlaid(confirmed: Confirmed) -> dict[str, Any]:
    """Own points and the model's curves in the same axes, and how far they lie apart."""
    data = measured(read_csv(confirmed.csv), confirmed.columns)
    curves = _curves(confirmed.asked, data, {})
    return {"series": [_series(m, *curves) for m in data]}


def fitted(confirmed: Confirmed) -> dict[str, Any]:
    """The same with a few of the person's own parameters fitted to the points; says which, how far, and how surely.

    Least squares of log ratios for concentrations (sd 0.3) and of points for scales (sd 4). Each factor stays within an
    eighth and eight times its usual value. Raises BadValue if nothing in the data can be fitted.
    """
    from scipy.optimize import least_squares

    data = [m for m in measured(read_csv(confirmed.csv), confirmed.columns) if _kind(m.observable) != "power"]
    groups = _groups(confirmed.asked, data)
    if not groups:
        raise BadValue("only concentrations and scales can be fitted, and this table has neither.")
    start = _defaults(confirmed.asked, groups)
    times = np.unique(np.concatenate([[0.0], *(m.time_h for m in data)]))
    names = sorted({m.observable for m in data})

    def off(points: Floats) -> Floats:
        changes = [_scaled(start, groups, x) for x in points]
        table = under_each(confirmed.asked, changes, names, times)
        return np.array([_residuals(data, times, {n: v[:, k] for n, v in table.items()}) for k in range(len(changes))])

    def slopes(x: Floats) -> Floats:
        step = 1e-2
        table = off(np.vstack([x, x + step * np.eye(len(x))]))
        return np.asarray(((table[1:] - table[0]) / step).T)

    found = least_squares(  # type: ignore[operator]
        lambda x: off(x[None])[0], np.zeros(len(groups)), slopes, (-WIDEST, WIDEST), max_nfev=30
    )
    values = _scaled(start, groups, found.x)
    curves = _curves(confirmed.asked, data, values)
    return {
        "series": [_series(m, *curves) for m in data],
        "fitted": _told(start, groups, found.x, _errors(found.jac, found.fun)),
        "values": values,
        "misfit_before": float(np.sum(off(np.zeros((1, len(groups))))[0] ** 2)),
        "misfit_after": float(np.sum(found.fun**2)),
        "points": int(sum(len(m.value) for m in data)),
    }


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = raw[: problem.start].count(b"\n") + 1
        raise BadFile(f"line {line}: this is not UTF-8 text. Save the table as CSV in UTF-8.") from None


def _delimiter(text: str) -> str:
    first = text.split("\n", 1)[0]
    return max((",", ";", "\t"), key=first.count)


def _check_row(rows: Sequence[tuple[str, ...]], line: int) -> None:
    names, row = rows[0], rows[-1]
    if len(names) > MOST_COLUMNS:
        raise BadFile(f"the first line has {len(names)} columns; at most {MOST_COLUMNS} are taken.")
    if len(row) != len(names):
        raise BadFile(f"line {line}, column {min(len(row), len(names)) + 1}: {len(row)} cells, {len(names)} are named.")


def _guess(name: str, cells: Sequence[str]) -> str:
    plain = re.sub(r"[^a-z0-9%µμ²/]+", " ", name.lower()).strip()[:200]
    role = next((role for role, pattern in HINTS if re.search(pattern, plain)), "ignore")
    filled = [c for c in cells if c.strip()]
    if role not in ("ignore", "subject") and not any(_number(c) is not None for c in filled):
        return "ignore"
    return role


def _guess_unit(name: str, role: str) -> str:
    """The unit that the name says, if it is one of the role's; scales are points, and else the person is asked."""
    allowed = UNITS.get(_kind(role), ())
    plain = re.sub(r"[\[\]()_,;]+", " ", name.lower())[:200]
    found = next((u for u, pattern in UNIT_HINTS if u in allowed and re.search(pattern, plain)), "")
    return found or ("points" if _kind(role) == "scale" else "")


def _kind(role: str) -> str:
    if role in SCALES:
        return "scale"
    return role.split("_")[0]


def _check_columns(table: Table, columns: Sequence[Column]) -> None:
    if len(columns) != len(table.names):
        raise BadValue(f"{len(columns)} columns are described, and the table has {len(table.names)}.")
    for number, (column, name) in enumerate(zip(columns, table.names, strict=True), start=1):
        if column.role not in ROLES:
            raise unknown_name(column.role, "something a column can be", ROLES)
        allowed = UNITS.get(_kind(column.role), ())
        if allowed and column.unit not in allowed:
            given = f"unit '{column.unit}'" if column.unit else "no unit"
            raise BadValue(f"column {number} ({harmless(name)}) has {given}; choose one of: {', '.join(allowed)}.")
    used = [c.role for c in columns if c.role != "ignore"]
    for role in used:
        if used.count(role) > 1:
            raise BadValue(f"two columns are said to be {ROLES[role]}; leave one of them out.")
    if "time" not in used:
        raise BadValue("no column is said to be the time. Choose one, in hours from the first dose or another unit.")


def _number(cell: str) -> float | None:
    try:
        value = float(cell.strip().replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _numbers(table: Table, column: int) -> Floats:
    """The column as numbers, NaN where a cell is empty. Raises BadFile naming the line of anything else."""
    found = np.full(len(table.rows), np.nan)
    for i, row in enumerate(table.rows):
        cell = row[column].strip()
        if cell.lower() in ("", "na", "nan", "."):
            continue
        value = _number(cell)
        if value is None:
            where = f"line {i + 2}, column {column + 1} ({harmless(table.names[column])})"
            raise BadFile(f"{where}: '{harmless(cell)}' is not a number. Write a number, or leave the cell empty.")
        found[i] = value
    return found


def _in_model_units(column: Column, times: Floats, values: Floats, person: tuple[str, ...]) -> Measured:
    kind, relative = _kind(column.role), False
    if kind == "venous":
        mass = molar_mass(column.role.removeprefix("venous_"))
        scale = {"uM": 1.0, "nM": 1e-3, "ng/mL": 1 / mass, "ug/L": 1 / mass, "mg/L": 1e3 / mass}[column.unit]
        values = values * scale
    elif kind == "scale":
        relative = column.unit == "change in points"
    elif column.unit == "percent change":
        values = 1 + values / 100
    elif column.unit == "dB change":
        values = 10 ** (values / 10)
    elif column.unit == "uV2":
        values = _over_before(times, values, person, column.role)
    return Measured(column.role, times, np.asarray(values, dtype=np.float64), person, relative)


def _over_before(times: Floats, values: Floats, person: tuple[str, ...], role: str) -> Floats:
    """Each person's power over the mean of the own values until time 0."""
    who = np.array(person)
    out = np.empty_like(values)
    for name in dict.fromkeys(person):
        mine = who == name
        before = values[mine & (times <= 0)]
        if not len(before) or before.mean() <= 0:
            raise BadValue(f"{ROLES[role]} in uV2 needs a value at time 0 or before in each person, to be relative to.")
        out[mine] = values[mine] / before.mean()
    return out


def _curves(asked: Asked, data: Sequence[Measured], values: Mapping[str, float]) -> tuple[Floats, dict[str, Floats]]:
    """Times and the typical patient's curves with these parameter values."""
    last = max(asked.days * 24, *(float(m.time_h.max()) for m in data))
    changed = asked.model_copy(update={"values": {**asked.values, **values}, "days": last / 24})
    names = _known(asked, data)
    run = typical_run(changed, names, times_to(last))
    return run.times_h, {n: np.asarray(run[n].values[:, 0], dtype=np.float64) for n in names}


def _known(asked: Asked, data: Sequence[Measured]) -> list[str]:
    model = chain_for(asked.given(), asked.who().species)
    for m in data:
        if m.observable not in model.system.outputs:
            raise BadValue(
                f"this protocol gives no {ROLES[m.observable]}. Choose the protocol that the people in the table had."
            )
    return sorted({m.observable for m in data})


def _series(m: Measured, times: Floats, curves: Mapping[str, Floats]) -> dict[str, Any]:
    curve = _on_own_scale(m, curves[m.observable])
    shown = np.linspace(0, len(m.value) - 1, min(MOST_POINTS, len(m.value))).astype(int)
    expected = np.interp(m.time_h, times, curve)
    apart = _apart(m, expected)
    return {
        "observable": m.observable,
        "label": ROLES[m.observable] + (", change" if m.relative else ""),
        "unit": {"venous": "uM", "scale": "points", "power": "× before"}[_kind(m.observable)],
        "times_h": times,
        "curve": curve,
        "points": {
            "time_h": m.time_h[shown],
            "value": m.value[shown],
            "person": [harmless(m.person[i]) for i in shown],
        },
        "people": len(set(m.person)),
        "all_points": len(m.value),
        **apart,
    }


def _on_own_scale(m: Measured, curve: Floats) -> Floats:
    """The model's curve as the data are told: as a change from before, or for band power as a ratio to before."""
    before = float(curve[0])
    if _kind(m.observable) == "power":
        return np.asarray(curve / before)
    return np.asarray(curve - before) if m.relative else curve


def _apart(m: Measured, expected: Floats) -> dict[str, Any]:
    """How far measured and modelled lie apart: a mean ratio for concentrations and power, a difference for scales."""
    after = m.time_h > 0
    if _kind(m.observable) == "scale":
        return {"apart": float(np.mean((m.value - expected)[after])) if after.any() else None, "apart_is": "difference"}
    both = after & (m.value > 0) & (expected > 0)
    ratio = float(np.exp(np.mean(np.log(m.value[both] / expected[both])))) if both.any() else None
    return {"apart": ratio, "apart_is": "ratio"}


def _groups(asked: Asked, data: Sequence[Measured]) -> list[tuple[str, ...]]:
    known = chain_for(asked.given(), asked.who().species).rows
    kinds = {_kind(m.observable) for m in data}
    found = [g for kind, groups in FITTED.items() if kind in kinds for g in groups if all(n in known for n in g)]
    changes_only = all(m.relative for m in data if _kind(m.observable) == "scale")
    return [g for g in found if not (changes_only and g == ("patient.baseline_madrs",))]


def _defaults(asked: Asked, groups: Sequence[tuple[str, ...]]) -> dict[str, float]:
    from ketamind.simulation.populations import typical_values

    rows = chain_for(asked.given(), asked.who().species).rows
    typical = typical_values(asked.who())
    names = [n for g in groups for n in g]
    return {n: asked.values.get(n, typical[n].mean if n in typical else rows[n].value) for n in names}


def _scaled(start: Mapping[str, float], groups: Sequence[tuple[str, ...]], logs: Floats) -> dict[str, float]:
    return {n: start[n] * math.exp(x) for g, x in zip(groups, logs, strict=True) for n in g}


def _residuals(data: Sequence[Measured], times: Floats, table: Mapping[str, Floats]) -> Floats:
    parts = []
    for m in data:
        curve = _on_own_scale(m, table[m.observable])
        expected = np.nan_to_num(np.interp(m.time_h, times, curve), nan=1e3)
        if _kind(m.observable) == "scale":
            parts.append((m.value - expected) / RATING_SD)
        else:
            both = (m.value > 0) & (m.time_h > 0)
            parts.append(np.log(m.value[both] / np.maximum(expected[both], 1e-9)) / LOG_SD)
    return np.concatenate(parts)


def _errors(jacobian: Floats, residuals: Floats) -> Floats:
    """Standard errors of the logarithms, from the curvature of the misfit; infinite where the data say nothing."""
    spread = max(1.0, float(np.sum(residuals**2)) / max(1, len(residuals) - jacobian.shape[1]))
    try:
        covariance = np.linalg.inv(jacobian.T @ jacobian) * spread
    except np.linalg.LinAlgError:
        return np.full(jacobian.shape[1], np.inf)
    return np.asarray(np.sqrt(np.diag(covariance)), dtype=np.float64)


def _told(
    start: Mapping[str, float], groups: Sequence[tuple[str, ...]], logs: Floats, errors: Floats
) -> list[dict[str, Any]]:
    told = []
    for group, x, error in zip(groups, logs, errors, strict=True):
        factor, wide = math.exp(x), 1.96 * float(error)
        ends = [math.exp(max(-50.0, x - wide)), math.exp(min(50.0, x + wide))]
        told.append(
            {
                "what": FIT_NAMES[group[0]],
                "parameters": list(group),
                "usual": start[group[0]],
                "value": start[group[0]] * factor,
                "factor": factor,
                "low": ends[0],
                "high": ends[1],
                "identified": bool(wide < math.log(4)),
                "at_limit": bool(abs(x) > 0.99 * WIDEST),
            }
        )
    return told
