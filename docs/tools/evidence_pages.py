"""Scoreboard, claims and hypotheses as pages: what the model says beside what was published, agreeing or not."""

from collections.abc import Iterable
from html import escape

from ketamind.evidence.experiments import Experiment
from ketamind.evidence.hypotheses import SHIPPED, shipped_hypotheses
from ketamind.evidence.question import Question
from ketamind.evidence.score import Row, Score, question_of
from ketamind.studies import claims, compare
from tools.html import number, table

OUTCOMES = {
    "disagree": "Disagree",
    "not_applicable": "Not applicable",
    "failed": "Failed",
    "agree": "Agree",
}
MEASURES = {
    "gmfe": "geometric mean fold error of concentrations",
    "within_two_fold": "share of concentrations within two-fold",
    "sign_accuracy": "share of signs that are right",
    "remaining_accuracy": "share of 'how much remains' that are right",
    "madrs_change_rmse": "root mean square error of changes of the MADRS, points",
    "response_rates_inside": "share of response rates inside the interval",
}
STALE = """
```{{warning}}
The package has moved on since this was computed for: {}. `ketamind {} --renew` computes it anew.
```
"""


def stale(names: Iterable[str], of: int, command: str) -> str:
    """A warning that what is stored is older than the package; nothing if it is not."""
    old = tuple(names)
    told = "every account" if len(old) == of else ", ".join(old)
    return STALE.format(told, command) if old else ""


def shipped_score(found: compare.Comparison) -> Score:
    """The stored column of the shipped chain as a score, with what a naive baseline gets."""
    column = next(c for c in found.columns if c.hypothesis.name == SHIPPED)
    naive = _naive(found.experiments)
    rows = []
    for e in found.experiments:
        cell = found.cell(column, e)
        rule, guessed = naive.get(e.id, ("", False))
        rows.append(Row(e, cell.outcome, cell.predicted, cell.low, cell.high, cell.reason, rule, guessed))
    return Score(tuple(rows))


def _naive(experiments: Iterable[Experiment]) -> dict[str, tuple[str, bool]]:
    """Rule of each experiment, and whether a guess without a model agrees with it."""
    from ketamind.evidence.baselines import naive_agrees
    from ketamind.evidence.rules import rule_of

    asked = [(e, q.statistic) for e in experiments if isinstance(q := question_of(e), Question)]
    return {e.id: (rule_of(e, s), naive_agrees(e, s, asked)) for e, s in asked}


def scoreboard_page(found: compare.Comparison) -> str:
    """Totals by domain, measures, rival accounts, and every experiment, those that disagree first."""
    score = shipped_score(found)
    parts = [
        "# Scoreboard",
        "Every published experiment that comes with the package, predicted by the model as shipped and judged by the "
        "rule of its statistic: signs with a stated dead zone, means by z with both spreads, rates by binomial "
        "interval, levels and exposures by fold error. *Baseline* is what a guess without a model gets (the commonest "
        "sign, the mean of the calibration set). Some experiments served to calibrate parameters: their agreement is "
        "no prediction. The tables of [parameters](parameters/readouts.md) name them under conditions and notes.",
        "",
        "`ketamind score` judges the model as it stands; `ketamind compare` each rival account.",
        stale(found.stale, len(found.columns), "compare"),
        table(
            ("domain", "experiments", "agree", "disagree", "share", "baseline", "not applicable", "failed"),
            _totals(score),
        ),
        "## Measures",
        table(("measure", "value"), [("", (words, number(score.measures()[k], 3))) for k, words in MEASURES.items()]),
        *_accounts(found),
    ]
    for outcome, words in OUTCOMES.items():
        chosen = [r for r in score.rows if r.outcome == outcome]
        parts += [f"## {words}: {len(chosen)}", _experiments(chosen) if chosen else "None."]
    return "\n".join(parts)


def _totals(score: Score) -> Iterable[tuple[str, tuple[str, ...]]]:
    groups = {**score.grouped(lambda e: e.domain), "all": score.count(score.rows)}
    for name, c in groups.items():
        compared = c["agree"] + c["disagree"]
        share, naive = (f"{100 * c[k] / compared:.0f} %" if compared else "–" for k in ("agree", "baseline_agree"))
        counts = (str(c[k]) for k in ("total", "agree", "disagree"))
        yield "", (escape(name), *counts, share, naive, str(c["not_applicable"]), str(c["failed"]))


def _experiments(rows: Iterable[Row]) -> str:
    head = ("experiment", "observable", "statistic", "predicted", "95 % of trials of its size", "published", "reason")
    ordered = sorted(rows, key=lambda r: (r.experiment.domain, r.experiment.id))
    return table(head, [(r.experiment.id, _experiment(r)) for r in ordered], "experiments")


def _experiment(r: Row) -> tuple[str, ...]:
    e = r.experiment
    band = "" if r.low is None else f"{number(r.low, 3)} to {number(r.high, 3)}"
    name = f'<code title="{escape(e.citation)}">{escape(e.id)}</code>'
    unit = "" if e.unit == "sign" else escape(e.unit)
    values = (number(r.predicted, 3), band, f"{number(e.value, 3)} {unit}")
    return (name, escape(e.observable), escape(e.statistic), *values, escape(r.reason))


def _accounts(found: compare.Comparison) -> Iterable[str]:
    yield "## Rival accounts"
    yield (
        "The same experiments under each [hypothesis](hypotheses.md), with the 95 % interval of a bootstrap over "
        "studies. *Deciding* experiments are those on which accounts of ketamine part; *beats two pools* is the "
        "chance, over studies, that an account agrees more often than a description without any mechanism."
    )
    head = ("account", "agree", "of", "share", "95 %", "deciding", "beats two pools", "cross-validated")
    rows = [(c.hypothesis.name, _account(found, c)) for c in found.columns]
    yield "\n" + table(head, rows)
    themes = [(t.name, t.question, [found.share(c, t.experiments) for c in found.columns]) for t in compare.themes()]
    cells = [("", (escape(q), *(f"{s.agree}/{s.compared}" for s in shares))) for _, q, shares in themes]
    yield "### By question"
    yield "\n" + table(("question", *(c.hypothesis.title for c in found.columns)), cells, "narrow")


def _account(found: compare.Comparison, c: compare.Column) -> tuple[str, ...]:
    every, few, beats = found.share(c), found.deciding(c), found.beats(c)
    interval = "" if every.low is None or every.high is None else f"{100 * every.low:.0f} to {100 * every.high:.0f} %"
    share = "–" if every.share is None else f"{100 * every.share:.0f} %"
    validated = compare.cross_validated().get(c.hypothesis.name)
    return (
        *(escape(c.hypothesis.title), str(every.agree), str(every.compared), share, interval),
        f"{few.agree}/{few.compared}",
        "–" if beats is None else f"{100 * beats:.0f} %",
        "–" if validated is None else escape(str(validated)),
    )


def hypotheses_page() -> str:
    """Each account: its words, what is off, what it may fit."""
    parts = [
        "# Hypotheses",
        "An account of the relief is a file: what is off, which numbers differ, which may be fitted. A file of your "
        "own is read in the same way: `ketamind compare --hypotheses mine.toml,trkb_direct`.",
    ]
    for h in shipped_hypotheses():
        off = ", ".join(f"`{n}`" for n in h.without) or "nothing"
        parts += [f"\n## {h.title}\n", f"`{h.name}`\n", " ".join(h.account.split()), "", f"Switched off: {off}.", ""]
        if h.values:
            parts.append("Values: " + ", ".join(f"`{k}` = {v:g}" for k, v in h.values.items()) + ".\n")
        if h.free:
            parts.append("Free: " + ", ".join(f"`{k}`" for k in h.free) + ".")
    return "\n".join(parts)


def claims_page() -> str:
    """Each claim of the popular account: what a simulation must show, its control, and what came of it."""
    found = claims.stored()
    told = [v.as_json() for v in found.verdicts]
    parts = [
        "# Claims",
        "What is said of ketamine in popular accounts, claim by claim. A claim counts as shown where a simulation "
        "shows what it must and the control takes it away; published findings that speak against it outweigh any "
        "simulation. What is shown here is shown of the model, not of the brain. `ketamind claims` tells the same.",
        stale(found.stale, len(found.stamps), "claims"),
        table(("claim", "verdict", "shown by"), [("", _claim(c)) for c in told]),
    ]
    for c in told:
        parts += [f"## {c['claim']}", f"**{c['verdict']}**\n", f"Must show: {c['must_show']}.\n"]
        parts += [
            f"Control: {c['must_abolish']}.\n",
            *(f"- against: {escape(str(a))}" for a in c["contradicted_by"]),
            "",
        ]
    return "\n".join(parts)


def _claim(c: dict[str, object]) -> tuple[str, ...]:
    held = c["hypotheses"]
    assert isinstance(held, dict)
    tested = len(held["show"]) + len(held["do_not"])
    return escape(str(c["claim"])), escape(str(c["verdict"])), f"{len(held['show'])} of {tested} accounts"


def evidence_pages() -> dict[str, str]:
    """All pages of evidence, by name."""
    return {
        "scoreboard": scoreboard_page(compare.stored()),
        "claims": claims_page(),
        "hypotheses": hypotheses_page(),
    }
