"""Tables and links as HTML, for pages with hundreds of rows."""

import re
from collections.abc import Iterable
from html import escape

RAW = "```{{raw}} html\n{}\n```\n"


def anchor(name: str) -> str:
    """A name as an anchor: what is no letter, digit, dot or underscore becomes a hyphen."""
    return re.sub(r"[^\w.]+", "-", name)


def link(text: str, page: str, name: str = "") -> str:
    """A link to an anchor of a page."""
    return f'<a href="{page}.html{"#" + anchor(name) if name else ""}">{escape(text)}</a>'


def table(head: Iterable[str], rows: Iterable[tuple[str, Iterable[str]]], kind: str = "") -> str:
    """A table whose cells are HTML; each row comes with its anchor, or an empty one."""
    top = "".join(f"<th>{escape(h)}</th>" for h in head)
    body = "\n".join(f"<tr{_id(name)}>" + "".join(f"<td>{c}</td>" for c in cells) + "</tr>" for name, cells in rows)
    inner = f'<table class="table {kind}"><thead><tr>{top}</tr></thead>\n<tbody>{body}</tbody></table>'
    return RAW.format(f'<div class="wide">{inner}</div>')


def _id(name: str) -> str:
    return f' id="{anchor(name)}"' if name else ""


def number(value: float | None, digits: int = 4) -> str:
    """A number for people; a dash for none."""
    return "–" if value is None else f"{value:.{digits}g}"
