"""The bibliography as a page, from the BibTeX files that come with the package."""

import re
from collections.abc import Iterable
from html import escape
from importlib import resources
from pathlib import Path

from tools.html import RAW, anchor

ENTRY = re.compile(r"^@(\w+)\{([^,\s]+),(.*?)(?=^@|\Z)", re.DOTALL | re.MULTILINE)
FIELD = re.compile(r"(\w+)\s*=\s*\{")
TITLES = {"calibrations": "Calibrations and choices of the model"}


def entries(text: str) -> Iterable[tuple[str, dict[str, str]]]:
    """Key and fields of each entry of a BibTeX file."""
    for match in ENTRY.finditer(text):
        yield match[2], dict(_fields(match[3]))


def _fields(body: str) -> Iterable[tuple[str, str]]:
    place = 0
    while found := FIELD.search(body, place):
        depth, place = 1, found.end()
        while depth and place < len(body):
            depth += {"{": 1, "}": -1}.get(body[place], 0)
            place += 1
        yield found[1].lower(), re.sub(r"\s+", " ", body[found.end() : place - 1].replace("{", "").replace("}", ""))


def bibliography_page() -> str:
    """Every source once, by file, with a link where one is known."""
    folder = Path(str(resources.files("ketamind") / "data" / "references"))
    parts = [
        "# Bibliography",
        "Sources of the numbers, by the key that stands in the tables. A note says what of a source was seen.",
        "",
    ]
    seen: set[str] = set()
    for path in sorted(folder.glob("*.bib"), key=lambda p: (p.stem in TITLES, p.stem)):
        fresh = [(k, f) for k, f in entries(path.read_text(encoding="utf-8")) if k not in seen]
        seen |= {k for k, _ in fresh}
        if fresh:
            parts += [f"## {TITLES.get(path.stem, path.stem.capitalize())}", _list(fresh)]
    return "\n".join(parts)


def _list(found: Iterable[tuple[str, dict[str, str]]]) -> str:
    lines = (f'<dt id="{anchor(k)}"><code>{escape(k)}</code></dt><dd>{_words(f)}</dd>' for k, f in sorted(found))
    return RAW.format('<dl class="bibliography">' + "\n".join(lines) + "</dl>")


def _words(f: dict[str, str]) -> str:
    author = f.get("author", "").replace(" and others", " et al.").replace(" and ", "; ")
    place = " ".join(x for x in (f.get("journal", f.get("booktitle", "")), f.get("volume", "")) if x)
    pages = f.get("pages", "").replace("--", "–")
    parts = [author, f.get("title", ""), ", ".join(x for x in (place, pages, f.get("year", "")) if x)]
    told = ". ".join(escape(x.rstrip(".")) for x in parts if x)
    doi = f.get("doi", "")
    url = f"https://doi.org/{doi}" if doi else f.get("url", "")
    link = f' <a href="{escape(url)}">{escape(doi or url)}</a>.' if url else ""
    note = f' <span class="note">{escape(f["note"])}</span>' if "note" in f else ""
    return f"{told}.{link}{note}"
