"""The report: one HTML file that needs nothing else, for reading and for keeping."""

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from matplotlib.figure import Figure

from ketamind.errors import BadFile
from ketamind.provenance import provenance as provenance_facts
from ketamind.provenance import provenance_words
from ketamind.report.style import RESEARCH_ONLY

STYLE = """
:root { color-scheme: light dark; --ground:#F4F5F7; --surface:#FFFFFF; --ink:#14181F; --second:#434C59;
  --third:#66707E; --line:#E4E7EB; --agree:#1B57B3; --warn:#C04D00; }
@media (prefers-color-scheme: dark) { :root { --ground:#0B0E13; --surface:#12171E; --ink:#EDF1F6; --second:#B6C0CC;
  --third:#8D98A7; --line:#232A34; --agree:#8FB8F8; --warn:#FF9A4D; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); line-height: 1.45;
  font: 14px "Helvetica Neue", "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif;
  font-variant-numeric: tabular-nums; }
main { max-width: 900px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 26px; line-height: 1.2; margin: 0 0 8px; }
h2 { font-size: 18px; margin: 40px 0 8px; }
p { margin: 0 0 12px; color: var(--second); }
p.lead { font-size: 18px; color: var(--ink); }
p.note, footer, figcaption { font-size: 12px; color: var(--third); }
figure { margin: 16px 0; background: #FFFFFF; border: 1px solid var(--line); border-radius: 10px; padding: 12px; }
figure svg { width: 100%; height: auto; display: block; }
figcaption { margin-top: 8px; color: #66707E; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; background: var(--surface); }
th, td { text-align: left; padding: 6px 10px; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-size: 12px; color: var(--third); font-weight: 700; }
td.number, th.number { text-align: right; white-space: nowrap; }
.research { border: 1px solid var(--line); border-left: 4px solid var(--warn); background: var(--surface);
  padding: 10px 14px; border-radius: 6px; margin: 16px 0 0; color: var(--ink); }
footer { margin-top: 48px; border-top: 1px solid var(--line); padding-top: 12px; overflow-wrap: anywhere; }
@media print { body { background: #FFFFFF; } }
"""


@dataclass(frozen=True)
class Picture:
    """A figure with what it shows in words."""

    figure: Figure
    caption: str


@dataclass(frozen=True)
class Grid:
    """A table: column names and rows of text; cells that read as numbers are set to the right."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Section:
    """A part of the report: a heading, a few sentences, then tables and figures."""

    title: str
    words: Sequence[str] = ()
    parts: Sequence[Picture | Grid] = ()


def number(value: float, digits: int = 3) -> str:
    """A number for a person: three significant digits, a real minus sign.

    >>> number(-16.4321), number(0.0000123), number(12345)
    ('−16.4', '1.23e−05', '12345')
    """
    plain = f"{value:.{digits}g}"
    if "e" in plain and 1e3 <= abs(value) < 1e7:
        plain = f"{value:.0f}"
    return plain.replace("-", "−")


def svg(figure: Figure) -> str:
    """The figure as an SVG element, the same text each time it is made."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return buffer.getvalue()[buffer.getvalue().index("<svg") :]


def report_html(title: str, lead: str, sections: Iterable[Section], provenance: str) -> str:
    """The whole report as one HTML text."""
    body = "\n".join(_section(s) for s in sections)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>"
        f'<h1>{escape(title)}</h1><p class="lead">{escape(lead)}</p>'
        f'<p class="research">{escape(RESEARCH_ONLY)}</p>{body}'
        f"<footer>{escape(_footer(provenance))}</footer></main></body></html>\n"
    )


def _footer(words: str) -> str:
    """What the report says of its origin, with version and command line where it does not say them itself."""
    facts = {k: v for k, v in provenance_facts().items() if f"{k.replace('_', ' ')} " not in words.replace("_", " ")}
    return ", ".join(x for x in (words, provenance_words(facts)) if x)


def write_report(path: Path, html: str) -> Path:
    """Write the report whole or not at all. Raises BadFile if the place cannot be written."""
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(html, encoding="utf-8")
        part.replace(path)
    except OSError as problem:
        raise BadFile(f"cannot write '{path}': {problem.strerror or problem}. Choose another folder.") from None
    return path


def _section(section: Section) -> str:
    words = "".join(f"<p>{escape(w)}</p>" for w in section.words)
    parts = "".join(_picture(p) if isinstance(p, Picture) else _grid(p) for p in section.parts)
    return f"<section><h2>{escape(section.title)}</h2>{words}{parts}</section>"


def _picture(picture: Picture) -> str:
    return f"<figure>{svg(picture.figure)}<figcaption>{escape(picture.caption)}</figcaption></figure>"


def _grid(grid: Grid) -> str:
    numeric = [all(_reads_as_number(row[i]) for row in grid.rows) for i in range(len(grid.columns))]
    kinds = [' class="number"' if n else "" for n in numeric]
    head = "".join(f"<th{k}>{escape(c)}</th>" for k, c in zip(kinds, grid.columns, strict=True))
    rows = "".join(
        "<tr>" + "".join(f"<td{k}>{escape(c)}</td>" for k, c in zip(kinds, row, strict=True)) + "</tr>"
        for row in grid.rows
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _reads_as_number(cell: str) -> bool:
    return not cell or re.match(r"^[−+-]?[\d.]", cell) is not None
