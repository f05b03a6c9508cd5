"""The doors of Explore: what a run holds agrees with `simulate`, what is refused, nothing passes between clients."""

import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ketamind as km
from ketamind.page.asked import times_to
from ketamind.page.kept import FIRST, QUESTIONS, is_first
from ketamind.page.tables import QUANTITIES, shown_per_model_unit

RUN = "/api/run"
COMPARED = ("venous_ketamine", "nmda_tonic_pv", "rate_sst", "bdnf_extracellular", "spine_density", "cadss", "madrs")
STAGES = {"blood", "receptors", "circuit", "plasticity", "mood", "opioid"}
MALFORMED = [b"{", b"[1]", b"null", b"\xff\xfe", b'{"days": NaN}', b"[" * 20_000, b'{"days": 1e999}']
NASAL = {"protocol": "84 mg esketamine in", "patient": "trd;setting=parallel", "without": ["hnk"], "days": 3}


def decoded(raw: bytes) -> tuple[dict[str, Any], np.ndarray]:
    length = int.from_bytes(raw[:4], "little")
    header = json.loads(raw[4 : 4 + length])
    shape = (len(header["layers"]), len(header["names"]), header["points"])
    return header, np.frombuffer(raw[4 + length :], "<f4").reshape(shape)


@pytest.mark.parametrize("asked", [dict(FIRST), NASAL], ids=["first", "nasal"])
def test_a_run_is_what_simulate_gives(served, asked):
    status, _, raw = served.ask(RUN, asked)
    header, values = decoded(raw)
    assert status == 200
    assert header["layers"] == ["middle"]
    times = times_to(asked["days"] * 24)
    run = km.simulate(
        asked["protocol"], asked["days"], patient=asked["patient"], without=asked["without"], times_h=times
    )
    for name in (
        "venous_ketamine",
        "nmda_tonic_pv",
        "rate_sst",
        "bdnf_extracellular",
        "spine_density",
        "cadss",
        "madrs",
    ):
        drawn = values[0, QUANTITIES.index(name)]
        expected = run[name].values[:, 0] * shown_per_model_unit(name)
        np.testing.assert_allclose(drawn, expected, rtol=1e-4, atol=1e-5 * max(1.0, np.abs(expected).max()))


def test_a_run_travels_light(served):
    sizes = [len(served.ask(path, dict(FIRST))[2]) for path in (RUN, "/api/band")]
    assert sum(sizes) < 100_000


def test_the_band_holds_the_typical_patient_before_the_dose(served):
    _, band = decoded(served.ask("/api/band", dict(FIRST))[2])
    _, typical = decoded(served.ask(RUN, dict(FIRST))[2])
    madrs = QUANTITIES.index("madrs")
    assert band[:, madrs, 0] == pytest.approx(float(typical[0, madrs, 0]), abs=1e-4)
    assert (band[0] <= band[1] + 1e-6).all()
    assert band[1, madrs, -40] - band[0, madrs, -40] > 1


def test_drugs_that_are_not_given_are_nil(served):
    _, values = decoded(served.ask(RUN, {**FIRST, "protocol": "0 mg/kg saline iv over 40 min"})[2])
    assert not values[0, QUANTITIES.index("venous_ketamine")].any()
    assert not values[0, QUANTITIES.index("brain_unbound_ketamine")].any()


def test_what_each_mechanism_carries(served):
    told = json.loads(served.ask("/api/links", {**FIRST, "at_h": 24})[2])
    assert told["effect"] < 0
    assert told["lost"]["nmda"] > told["lost"]["hcn1"]
    without = json.loads(served.ask("/api/links", {**FIRST, "without": ["nmda"], "at_h": 24})[2])
    assert "nmda" not in without["lost"]


def test_published_points_belong_to_the_setting(served):
    points = json.loads(served.ask("/api/points", dict(FIRST))[2])["points"]
    assert {p["observable"] for p in points} <= set(QUANTITIES)
    assert any(p["observable"] == "madrs" and p["relative"] and p["citation"] for p in points)
    assert all(p["difference"] == "" for p in points if p["observable"] == "madrs" and p["time_h"] == 24)
    less = json.loads(served.ask("/api/points", {**FIRST, "protocol": "0.35 mg/kg ketamine iv over 40 min"})[2])[
        "points"
    ]
    assert less
    assert all("0.5 mg/kg" in p["difference"] for p in less if p["citation"].startswith("Murrough"))
    far = json.loads(served.ask("/api/points", {**FIRST, "protocol": "1.7 mg/kg ketamine im"})[2])["points"]
    assert not [p for p in far if p["observable"] == "madrs"]


def test_the_catalogue_names_every_mechanism(served):
    told = json.loads(served.ask("/api/catalogue")[2])
    from ketamind.studies.explain import list_mechanisms

    assert [m["name"] for m in told["mechanisms"]] == [m.name for m in list_mechanisms()]
    assert all(
        m["stage"] in ("blood", "receptors", "circuit", "plasticity", "mood", "opioid") for m in told["mechanisms"]
    )
    assert told["studied"]["ketamine iv mg/kg"][0] < 0.5 < told["studied"]["ketamine iv mg/kg"][1]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"protocol": "0.5 mg/kg ketamin iv"}, "ketamine"),
        ({"protocol": "900 mg/kg ketamine iv"}, "500 mg/kg"),
        ({"protocol": "x" * 5000}, "protocol"),
        ({"patient": "trd;weight_kg=9999"}, "weight"),
        ({"patient": "<script>alert(1)</script>"}, "population"),
        ({"without": ["nmda_blok"]}, "mechanism"),
        ({"days": 1e9}, "days"),
        ({"days": -1}, "days"),
        ({"days": "14"}, "days"),
        ({"surprise": 1}, "surprise"),
        ({"values": {"nmda.nothing": 1}}, "nmda.nothing"),
    ],
)
def test_what_cannot_be_is_refused_with_a_message(served, content, says):
    status, headers, raw = served.ask(RUN, content)
    assert status == 400
    assert headers["content-type"] == "application/json"
    message = json.loads(raw)["error"]
    assert says in message
    assert "Traceback" not in message


@pytest.mark.parametrize(
    "raw", [b"{", b"[1]", b"null", b"\xff\xfe", b'{"days": NaN}', b"[" * 20_000, b'{"days": 1e999}']
)
def test_malformed_json_is_refused(served, raw):
    status, _, answer = served.ask(RUN, raw=raw)
    assert status == 400
    assert json.loads(answer)["error"]


def test_an_oversized_body_is_refused_and_harms_nobody(served):
    status, _, answer = served.ask(RUN, raw=b" " * 200_000)
    assert (status, "larger" in json.loads(answer)["error"]) == (413, True)
    status, _, _ = served.ask(RUN, raw=b"", method="POST", headers={"Content-Length": "99999999999"})
    assert status == 413
    assert served.ask("/api/catalogue")[0] == 200


def test_other_sites_and_other_names_are_not_answered(served):
    assert served.ask(RUN, dict(FIRST), headers={"Origin": "http://evil.example"})[0] == 403
    assert served.ask("/", headers={"Host": "evil.example"})[0] == 400
    assert served.ask(RUN, dict(FIRST), headers={"Origin": served.url.rstrip("/")})[0] == 200


def test_every_answer_carries_the_security_headers(served):
    for path in ("/", "/api/catalogue", "/nothing", "/static/js/app.js", "/static/../server.py"):
        status, headers, _ = served.ask(path)
        assert headers["content-security-policy"].startswith("default-src 'self'")
        assert headers["x-content-type-options"] == "nosniff"
        assert status == (404 if "nothing" in path or ".." in path else 200)


def test_a_wrong_method_is_told(served):
    status, _, raw = served.ask(RUN)
    assert status == 405
    assert "method" in json.loads(raw)["error"]


def test_first_answers_are_those_of_the_doors():
    assert all(is_first(path, json.dumps(body).encode()) for path, body in QUESTIONS.items())
    assert not is_first(RUN, json.dumps({**FIRST, "days": 7}).encode())


def crowd(served, rounds):
    """Twenty clients at once, each with its own dose, asking for run and band; the peak of each in blood."""
    found: dict[float, float] = {}

    def ask(dose: float) -> None:
        asked = {**FIRST, "protocol": f"{dose} mg/kg ketamine iv over 40 min"}
        for _ in range(rounds):
            header, values = decoded(served.ask(RUN, asked)[2])
            assert header["protocol"].startswith(f"{dose:g} mg/kg")
            assert served.ask("/api/band", {**asked, "patients": 8})[0] == 200
            found[dose] = float(values[0, QUANTITIES.index("venous_ketamine")].max())

    threads = [threading.Thread(target=ask, args=(round(0.1 + 0.05 * i, 2),)) for i in range(20)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return found


def test_twenty_clients_at_once_each_get_their_own(served):
    peaks = [peak / dose for dose, peak in crowd(served, 1).items()]
    assert peaks == pytest.approx([peaks[0]] * 20, rel=0.02)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory from /proc")
def test_memory_is_flat_after_a_crowd_has_left(served):
    crowd(served, 1)
    before = resident_mb()
    crowd(served, 3)
    assert resident_mb() - before < 40


def resident_mb():
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def test_a_flood_is_slowed_and_the_rest_are_served():
    from ketamind.page.guards import Guards, Harden

    harden = Harden(app=None, guards=Guards(per_second=1.0, burst=3.0))  # type: ignore[arg-type]
    assert [harden._has_allowance("a") for _ in range(5)] == [True, True, True, False, False]
    assert harden._has_allowance("b")


def test_each_later_dose_is_seen_at_its_peak(served):
    asked = {**FIRST, "protocol": f"{FIRST['protocol']} twice weekly for 4 weeks", "days": 56}
    header, values = decoded(served.ask(RUN, asked)[2])
    times, blood = np.array(header["times_h"]), values[0, QUANTITIES.index("venous_ketamine")]
    assert len(times) == header["points"] <= 161
    assert (np.diff(times) > 0).all()
    peaks = [blood[np.abs(times - d["stop_h"]).argmin()] for d in header["doses"]]
    assert len(peaks) == 8
    assert min(peaks) > 0.95 * max(peaks)
