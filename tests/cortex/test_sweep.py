import numpy as np
import pytest

from ketamind.cortex.couple import Options
from ketamind.cortex.sweep import assumption_map, dose_response
from ketamind.errors import BadValue


def test_the_dose_response_is_an_inverted_u_in_pyramidal_rate():
    points = dose_response((0.0, 1.0, 20.0), seeds=1, options=Options(seconds=2.0, hypothesis="tonic_2d"))
    rate = [p.mean["rate_pyramidal"] for p in points]
    assert rate[1] > 1.1 * rate[0]
    assert rate[2] < rate[0]
    assert [p.mean["rate_sst"] for p in points] == sorted((p.mean["rate_sst"] for p in points), reverse=True)
    with pytest.raises(BadValue, match="0 concentrations and 2 seeds"):
        dose_response((), seeds=2)


def test_more_tonic_current_on_interneurons_means_more_disinhibition():
    table = assumption_map(mixes=("tonic_2c",), tonic=(0.0, 1.5), options=Options(seconds=1.5))
    assert table.shape == (1, 2)
    assert np.isfinite(table).all()
    assert table[0, 1] > table[0, 0]
