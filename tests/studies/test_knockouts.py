"""Knock-outs alone, in pairs, and beside published antagonist studies."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import ketamind as km
from ketamind.cli import app
from ketamind.errors import UnknownName
from ketamind.report.knockout_pairs_report import pairs_figure, pairs_section, studies_section
from ketamind.studies.antagonists import antagonist_studies, studies_text
from ketamind.studies.knockout_pairs import Pairs, knock_out_pairs
from ketamind.studies.knockouts import knock_out

KETAMINE = "0.5 mg/kg ketamine iv over 40 min"
THREE = ("nmda", "bdnf_release", "expectancy")


@pytest.fixture(scope="module")
def pairs() -> Pairs:
    return knock_out_pairs(KETAMINE, THREE, "cadss@40min,madrs@24h")


def test_alone_on_the_diagonal_is_the_single_knock_out(pairs):
    table = knock_out(KETAMINE, THREE, "cadss@40min,madrs@24h")
    for i, name in enumerate(THREE):
        expected = [table.effects[name][o] for o in ("cadss@40min", "madrs@24h")]
        assert pairs.effects[i, i] == pytest.approx(expected, abs=2e-3)


def test_a_pair_is_the_run_without_both(pairs):
    dosed = km.simulate(KETAMINE, days=1, without=["bdnf_release", "expectancy"], observe=["madrs"])
    rest = km.simulate("0 mg saline iv over 40 min", days=1, without=["bdnf_release", "expectancy"], observe=["madrs"])
    assert pairs.effects[1, 2, 1] == pytest.approx(dosed.mean("madrs@24h") - rest.mean("madrs@24h"), abs=2e-3)


def test_interaction_is_what_the_sum_of_losses_does_not_tell(pairs):
    left, found = pairs.left()[..., 1], pairs.interaction()[..., 1]
    assert found[0, 1] == pytest.approx(left[0, 1] - left[0, 0] - left[1, 1] + 1)
    assert np.isnan(found[1, 1])
    # what expectancy adds is felt through dissociation, which needs the block: the losses overlap
    assert found[0, 2] > 0.02


def test_pairs_tell_the_largest_first_and_draw_themselves(pairs):
    told = pairs.strongest()
    assert [abs(r[4]) for r in told] == sorted((abs(r[4]) for r in told), reverse=True)
    assert "nmda + " in pairs.as_text()
    assert len(pairs_figure(pairs, [1]).axes) >= 1
    assert pairs_section(pairs).parts


def test_pairs_refuse_what_is_no_mechanism():
    with pytest.raises(UnknownName, match=r"'nmdaa' is not a mechanism of this model\. Did you mean 'nmda'"):
        knock_out_pairs(KETAMINE, ["nmdaa"])
    with pytest.raises(UnknownName, match="Pairs are of mechanisms"):
        knock_out_pairs(KETAMINE, ["rapamycin"])


def test_published_studies_stand_beside(monkeypatch):
    from ketamind.studies import antagonists

    few = [e for e in antagonists.shipped_experiments() if e.id in ("li2010-rapamycin-block-b", "autry2011-rapa-acute")]
    monkeypatch.setattr(antagonists, "shipped_experiments", lambda: few)
    rows = antagonist_studies()
    assert {r.experiment.value for r in rows} == {0.0, 1.0}
    assert all(r.predicted is not None for r in rows)
    assert "block:mtorc1" in studies_text(rows)
    assert "of 2 agree" in studies_section(rows).parts[0].caption


def test_command_writes_pairs_as_json(tmp_path):
    words = ["knockouts", *KETAMINE.split(), "--mechanisms", "nmda,hnk", "--observe", "cadss@40min", "--alone"]
    alone = json.loads(CliRunner().invoke(app, [*words, "--json", "--out", str(tmp_path)]).stdout)
    assert alone["left"]["nmda"]["cadss@40min"] == pytest.approx(0, abs=0.01)
    assert alone["pairs"] == []
    assert alone["published"] == []
    assert (tmp_path / "report.html").stat().st_size > 10_000
