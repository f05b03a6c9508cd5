"""Metadata for citation, archives and containers agree with the package."""

import json
import re
import tomllib
from pathlib import Path

import ketamind

ROOT = Path(__file__).parents[2]
CITATION = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
ZENODO = json.loads((ROOT / ".zenodo.json").read_text(encoding="utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def cited(key):
    return re.search(rf'^{key}: "?(.*?)"?$', CITATION, re.MULTILINE)[1]


def test_versions_and_licences_are_one():
    assert cited("version") == ZENODO["version"] == ketamind.__version__
    assert cited("license") == ZENODO["license"] == PROJECT["license"]
    assert f"## {ketamind.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_titles_are_one():
    assert (
        cited("title")
        == ZENODO["title"]
        == f"ketamind: {PROJECT['description'][0].lower()}{PROJECT['description'][1:]}"
    )


def test_the_container_needs_package_indexes_alone():
    lines = (ROOT / "Containerfile").read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if re.search(r"\b(curl|wget|git clone|https?://)", line)]
    copied = [word for line in lines if line.startswith("COPY") and "--from" not in line for word in line.split()[1:-1]]
    assert all((ROOT / word).exists() for word in copied)
    assert any("--require-hashes" in line for line in lines)


def test_extras_cover_what_is_promised():
    assert {"page", "exchange", "peers", "docs"} <= set(PROJECT["optional-dependencies"])
