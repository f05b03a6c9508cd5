"""The model as reference: every mechanism with its equations, every parameter with its source, every observable."""

import re
from collections.abc import Iterable, Mapping
from html import escape
from inspect import cleandoc

from ketamind.biology.alternatives import ALTERNATIVES
from ketamind.biology.chain import full_chain
from ketamind.declare import Component, Model, Row, shipped_table
from ketamind.studies.explain import VERIFIED_WORDS
from tools.formulas import formulas
from tools.html import RAW, anchor, link, number, table

SIGNS, ESCAPED = re.compile(r"([\\*_\[\]<>#~^$])"), r"\\\1"
STAGES = {
    "pharmacokinetics": "From the dose to the brain: absorption, distribution, metabolism of both enantiomers.",
    "receptors": "What the drug does to its targets, from free concentration in the brain.",
    "circuit": "Firing, glutamate and gamma of cortex and lateral habenula.",
    "plasticity": "From glutamate to BDNF, kinases, translation, synaptic strength and spines.",
    "readouts": "What is rated or measured in people and animals.",
}


def stage_of(component: Component) -> str:
    """The stage that a mechanism's file lies in."""
    return next((s for s in STAGES if f"/{s}/" in f"/{component.file}"), "pharmacokinetics")


def mechanism_pages(components: tuple[Component, ...]) -> dict[str, str]:
    """A page a stage: files in causal order, each with its equations in words and as computed."""
    return {f"mechanisms/{stage}": _stage_page(components, stage, words) for stage, words in STAGES.items()}


def _stage_page(components: tuple[Component, ...], stage: str, words: str) -> str:
    files: dict[str, list[Component]] = {}
    for component in components:
        if stage_of(component) == stage:
            files.setdefault(component.file, []).append(component)
    parts = [f"# {stage.capitalize()}: mechanisms", words, ""]
    parts += [
        "Each heading is a file of the stage. What its author says comes first; below it are the equations as they are "
        "computed, written out from the same declaration that the engine compiles. `[1]`, `[2]` name parts that are "
        f"long or used again. Numbers stand in the [table of parameters](../parameters/{stage}.md).",
        "",
    ]
    for file, found in files.items():
        parts += _file_section(file, found, stage)
    return "\n".join(parts)


def _file_section(file: str, components: list[Component], stage: str) -> Iterable[str]:
    title, _, rest = components[0].equations.partition("\n")
    yield f"## {title.rstrip('.')}\n"
    yield f"`{file}`\n"
    yield from _prose(cleandoc(rest))
    for component in components:
        yield from _component(component, stage)


def _prose(text: str) -> Iterable[str]:
    """Paragraphs as paragraphs; what is set in, or set out in columns, as it stands."""
    for part in re.split(r"\n\s*\n", text):
        as_it_stands = part.startswith(" ") or re.search(r"\S {2,}\S", part) or "|" in part
        yield f"```text\n{part}\n```\n" if as_it_stands else f"{SIGNS.sub(ESCAPED, part)}\n"


def _component(c: Component, stage: str) -> Iterable[str]:
    switch = f"; switched off as <code>{escape(c.mechanism)}</code>" if c.mechanism else ""
    yield RAW.format(
        f'<details class="mechanism" id="{anchor(c.name)}"><summary><code>{escape(c.name)}</code> '
        f"{escape(c.summary)}{switch}</summary>\n"
    )
    yield f"```text\n{formulas(c)}\n```\n"
    yield table(("symbol", "unit", "meaning", "role"), _symbols(c, stage), "symbols")
    if c.source:
        yield RAW.format(f"<p>Source: {source_link(c.source, '../bibliography')}</p>")
    yield RAW.format("</details>")


def _symbols(c: Component, stage: str) -> Iterable[tuple[str, tuple[str, ...]]]:
    for i in c.inputs:
        absent = "" if i.absent is None else f"; {i.absent:g} where nothing gives it"
        yield "", _cells(i.symbol, i.unit, i.meaning, f"input <code>{escape(i.wire or i.symbol)}</code>{absent}")
    for s in c.states:
        yield "", _cells(s.symbol, s.unit, s.meaning, f"state, starts at {escape(str(s.initial))}")
    for q in c.parameters:
        where = f"parameter {link(q.row, f'../parameters/{stage_of_row(q.row)}', q.row)}"
        yield "", _cells(q.symbol, q.unit, q.meaning, where)
    for o in c.outputs:
        off = "" if o.when_off is None else f"; {o.when_off:g} when off"
        name = o.wire or o.symbol
        yield "", _cells(o.symbol, o.unit, o.meaning, f"output {link(name, '../observables', name)}{off}")


def _cells(symbol: str, unit: str, meaning: str, role: str) -> tuple[str, ...]:
    return (f"<code>{escape(symbol)}</code>", escape(unit), escape(meaning), role)


ROW_STAGE: dict[str, str] = {}


def stage_of_row(row: str) -> str:
    """The stage whose table holds a parameter."""
    if not ROW_STAGE:
        from importlib import resources
        from pathlib import Path

        from ketamind.declare import read_table

        for path in sorted(Path(str(resources.files("ketamind") / "data" / "parameters")).glob("*.csv")):
            ROW_STAGE.update({name: path.stem for name, _ in read_table([path]).rows})
    return ROW_STAGE[row]


def parameter_pages() -> dict[str, str]:
    """A page a stage with every row of its table."""
    rows: dict[str, list[Row]] = {stage: [] for stage in STAGES}
    for row in shipped_table().rows.values():
        rows[stage_of_row(row.id)].append(row)
    return {f"parameters/{stage}": _parameter_page(stage, found) for stage, found in rows.items()}


def _parameter_page(stage: str, rows: list[Row]) -> str:
    counts = {v: sum(r.verified == v for r in rows) for v in VERIFIED_WORDS}
    told = ", ".join(f"{n} {v} ({VERIFIED_WORDS[v]})" for v, n in counts.items() if n)
    head = ("parameter", "value", "range", "unit", "between people", "meaning and conditions", "source")
    seen: set[str] = set()
    cells = []
    for r in rows:
        name = "" if r.id in seen else r.id
        seen.add(r.id)
        cells.append((name, _row_cells(r)))
    return "\n".join(
        [
            f"# {stage.capitalize()}: parameters",
            f"{len(rows)} numbers: {told}.",
            "",
            f"The equations that they enter are under [mechanisms](../mechanisms/{stage}.md). "
            "`ketamind explain NAME` shows the same from the command line.",
            "",
            table(head, cells, "parameters"),
        ]
    )


def _row_cells(r: Row) -> tuple[str, ...]:
    species = "" if r.species in ("any", "human") else f" ({escape(r.species)})"
    between = "" if not r.between else f"{r.between:.3g} ({r.spread})"
    spread = "" if r.low == r.high else f"{number(r.low)} to {number(r.high)}"
    about = "; ".join(escape(t) for t in (r.meaning, r.conditions) if t)
    note = f'<br><span class="note">{escape(r.note)}</span>' if r.note else ""
    source = f'{source_link(r.source, "../bibliography")}<br><span class="note">{escape(r.verified)}</span>'
    name = f"<code>{escape(r.id)}</code>{species}"
    return (name, number(r.value), spread, escape(r.unit), between, about + note, source)


def source_link(source: str, page: str) -> str:
    """Keys of the bibliography, each a link."""
    keys = [k.strip() for k in source.replace(",", " ").replace(";", " ").split() if k.strip()]
    return ", ".join(link(k, page, k) for k in keys)


def observables_page(models: Mapping[str, Model]) -> str:
    """Every observable by species: unit, meaning, and the mechanism that gives it."""
    components = {c.name: c for model in models.values() for c in model.components}
    found = {name: o for model in reversed(models.values()) for name, o in model.system.outputs.items()}
    only = {name: [s for s, m in models.items() if name in m.system.outputs] for name in found}
    rows = [
        (
            o.name,
            (
                f"<code>{escape(o.name)}</code>",
                escape(o.unit),
                escape(o.meaning) + ("" if "human" in only[o.name] else f" ({' and '.join(only[o.name])} only)"),
                link(o.component, f"mechanisms/{stage_of(components[o.component])}", o.component),
            ),
        )
        for o in sorted(found.values(), key=lambda o: o.name)
    ]
    return "\n".join(
        [
            "# Observables",
            f"{len(rows)} quantities that a run can give, by the name used in `--observe NAME@TIME` and `run[NAME]`. "
            "States of mechanisms can be asked for too, as `mechanism.symbol`.",
            "",
            table(("name", "unit", "meaning", "given by"), rows),
        ]
    )


def switches_page(model: Model) -> str:
    """What can be switched off, and what the rest then sees."""
    rows = []
    for name, parts in model.mechanisms.items():
        does = "; ".join(dict.fromkeys(escape(c.summary) for c in parts))
        off = ", ".join(f"{escape(o.wire or o.symbol)} = {o.when_off:g}" for c in parts for o in c.outputs)
        where = ", ".join(link(c.name, f"mechanisms/{stage_of(c)}", c.name) for c in parts)
        rows.append((name, (f"<code>{escape(name)}</code>", does, off, where)))
    return "\n".join(
        [
            "# Switches",
            f"{len(rows)} mechanisms can be switched off with `--without NAME` or `without=[NAME]`. A switch shows the "
            "rest of the model what stands under *the rest then sees*; no equation is changed.",
            "",
            table(("name", "does", "the rest then sees", "mechanisms"), rows),
        ]
    )


def model_pages() -> dict[str, str]:
    """All pages of the model, by name."""
    models = {species: full_chain(species) for species in ("human", "mouse", "rat")}
    model = models["human"]
    rodents = [c for m in models.values() if m is not model for c in m.components]
    more = [*rodents, *(c for addition in ALTERNATIVES.values() for c in addition.components)]
    known = {c.name for c in model.components}
    extra = tuple({c.name: c for c in more if c.name not in known}.values())
    return {
        **mechanism_pages((*model.components, *extra)),
        **parameter_pages(),
        "observables": observables_page(models),
        "switches": switches_page(model),
    }
