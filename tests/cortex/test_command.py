import pytest

from ketamind.cortex.command import CortexRequest, perform
from ketamind.errors import BadValue, UnknownName


def test_a_drug_at_a_concentration():
    result = perform(CortexRequest(drug="memantine", uM=2.0, seconds=1.0))
    assert list(result.recordings) == ["before", "during"]
    assert result.as_json()["during"]["rate_sst"] < result.as_json()["before"]["rate_sst"]


def test_a_moment_of_a_protocol():
    result = perform(CortexRequest(protocol="0.5 mg/kg ketamine iv over 40 min", at="40 min", seconds=1.0))
    assert list(result.recordings) == ["before", "during", "after 24 h"]
    numbers = result.as_json()
    assert numbers["during"]["rate_pyramidal"] > numbers["before"]["rate_pyramidal"]


@pytest.mark.parametrize(
    ("request_", "error", "message"),
    [
        (CortexRequest(protocol="0.5 mg/kg ketamine iv", drug="ketamine"), BadValue, "either a protocol, or a drug"),
        (CortexRequest(drug="ketamin", uM=1.0), UnknownName, "'ketamin' is not a blocker"),
        (CortexRequest(uM=-1.0), BadValue, r"-1\.0 uM of ketamine is not allowed"),
        (CortexRequest(cells=0), BadValue, "0 cells is outside"),
        (CortexRequest(protocol="0.5 mg/kg ketamine iv", seconds=-3.0), BadValue, "-3.0 s of cortex"),
        (CortexRequest(protocol="0.5 mg/kg ketamine iv", at="-2 h"), BadValue, "before the first dose"),
        (CortexRequest(protect=("pvx",)), UnknownName, "'pvx' is not a cell type that can be protected"),
    ],
)
def test_bad_requests_are_one_message(request_, error, message):
    with pytest.raises(error, match=message):
        perform(request_)
