"""Parameter tables: malformed rows are refused by file and line."""

import pytest

from ketamind.declare.table import COLUMNS, read_table
from ketamind.errors import BadFile, BadValue, UnknownName

GOOD = "nmda.k_on,1,1/(uM*s),0.3,5,0.2,lognormal,any,binding,,smith2000,memory,"


def write(tmp_path, *lines):
    path = tmp_path / "t.csv"
    path.write_text("\n".join([",".join(COLUMNS), *lines]), encoding="utf-8")
    return [path]


def test_rows_are_read_and_converted(tmp_path):
    row = read_table(write(tmp_path, GOOD)).row("nmda.k_on").within("1/(uM*h)")
    assert (row.value, row.low, row.high, row.between) == pytest.approx((3600, 1080, 18000, 0.2))


def test_a_species_has_its_own_row_or_that_for_any(tmp_path):
    table = read_table(write(tmp_path, GOOD, GOOD.replace("any", "rat").replace(",1,", ",2,")))
    assert table.of("rat").row("nmda.k_on").value == 2
    assert table.of("mouse").row("nmda.k_on").value == 1


def test_missing_rows_say_what_is_near(tmp_path):
    table = read_table(write(tmp_path, GOOD.replace("any", "rat")))
    with pytest.raises(BadValue, match="no row for human; it has one for rat"):
        table.row("nmda.k_on")
    with pytest.raises(UnknownName, match=r"Did you mean 'nmda\.k_on'"):
        table.row("nmda.kon")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (GOOD.replace(",1,", ",one,"), "line 2: value 'one' is not a number"),
        (GOOD.replace(",1,", ",inf,"), "not finite"),
        (GOOD.replace(",1,", ",9,"), "outside its own range"),
        (GOOD.replace("lognormal", "gamma"), "spread 'gamma' must be one of"),
        (GOOD.replace("memory", "sure"), "verified 'sure' must be one of"),
        (GOOD.replace("smith2000", ""), "names no source"),
        (GOOD + ",extra", "more cells than columns"),
        ("nmda.k_on,1", "fewer cells than columns"),
    ],
)
def test_malformed_rows_name_file_and_line(tmp_path, line, message):
    with pytest.raises(BadFile, match=message):
        read_table(write(tmp_path, line))


def test_doubled_rows_are_refused(tmp_path):
    with pytest.raises(BadFile, match=r"line 3: 'nmda\.k_on' for any stands twice"):
        read_table(write(tmp_path, GOOD, GOOD))
