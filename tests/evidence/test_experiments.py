"""Reading experiments: every shipped row, and what is refused."""

import pytest

from ketamind.errors import BadFile
from ketamind.evidence.experiments import COLUMNS, read_experiments, shipped_experiments

GOOD = "a1,clinical,human,trd,47,none,,,madrs,change,24,-16.5,points,,,Someone 2013,,,primary,"


def write(tmp_path, *lines):
    path = tmp_path / "e.csv"
    path.write_text("\n".join([",".join(COLUMNS), *lines]), encoding="utf-8")
    return path


def test_every_shipped_row_is_read_and_ids_are_unique():
    rows = shipped_experiments()
    assert len(rows) > 600
    assert len({r.id for r in rows}) == len(rows)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (GOOD.replace("-16.5", "lots"), "value 'lots' is not a number"),
        (GOOD.replace("-16.5", "nan"), "not finite"),
        (GOOD.replace("-16.5", ""), "value is empty"),
        (GOOD.replace("madrs", ""), "observable is empty"),
        ("a1,clinical", "fewer cells than columns"),
        (GOOD + ",x", "more cells than columns"),
    ],
)
def test_a_malformed_row_is_reported_by_line_and_stops_nothing(tmp_path, line, reason):
    rows, refused = read_experiments(write(tmp_path, line, GOOD.replace("a1", "a2")))
    assert [r.id for r in rows] == ["a2"]
    assert refused[0].line == 2
    assert reason in refused[0].reason


def test_other_files_are_refused(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadFile):
        read_experiments(tmp_path / "x.csv")
    (tmp_path / "y.csv").write_text("a,b\n1,2\n")
    with pytest.raises(BadFile, match="lacks the columns"):
        read_experiments(tmp_path / "y.csv")
