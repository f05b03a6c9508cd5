"""Experiments for tests."""

from ketamind.evidence.experiments import Experiment

TEMPLATE = {
    "id": "a1-x",
    "domain": "clinical",
    "species": "human",
    "population": "trd",
    "n": 40,
    "protocol": "0.5 mg/kg ketamine iv over 40 min",
    "comparator": "",
    "manipulation": "",
    "observable": "madrs",
    "statistic": "change",
    "time_h": 24.0,
    "value": -14.0,
    "unit": "points",
    "spread": None,
    "spread_text": "",
    "spread_kind": "",
    "citation": "Someone 2013",
    "doi_or_pmid": "",
    "url": "",
    "verified": "primary",
    "note": "",
}


def row(**changes):
    """An experiment, the response of depression to an infusion unless told otherwise."""
    return Experiment(**{**TEMPLATE, **changes})
