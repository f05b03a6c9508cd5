"""Every number names a source that exists, and every row of the tables is used by the model or by a door to it."""

import re
from importlib import resources
from pathlib import Path

from ketamind.declare import shipped_table

DATA = Path(str(resources.files("ketamind"))) / "data"


def known_sources():
    texts = [p.read_text(encoding="utf-8") for p in (DATA / "references").glob("*.bib")]
    return {key for text in texts for key in re.findall(r"@\w+\{([^,\s]+),", text)}


def test_every_row_names_a_source_of_the_bibliography():
    known = known_sources()
    rows = shipped_table().rows.values()
    missing = {(r.id, s) for r in rows for s in re.split(r"[;,]\s*", r.source) if s not in known}
    assert not missing


def test_a_calibrated_number_says_on_what():
    silent = [
        r.id for r in shipped_table().rows.values() if r.verified == "calibrated" and not (r.note or r.conditions)
    ]
    assert not silent


def test_a_number_that_varies_between_people_says_how():
    odd = [r.id for r in shipped_table().rows.values() if (r.between > 0) != (r.spread != "fixed")]
    assert not odd
