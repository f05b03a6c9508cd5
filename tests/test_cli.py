"""The command line, through its entry point: numbers on standard output, one message and status 2 for bad input."""

import json
import os
import subprocess
import sys

import pytest

INFUSION = ["0.5", "mg/kg", "ketamine", "iv", "over", "40", "min"]


def ketamind(*words, **options):
    code = "from ketamind.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=120, check=False, **options
    )


def test_a_run_answers_in_json_and_nothing_else():
    done = ketamind("run", *INFUSION, "--observe", "madrs@24h,cadss@40min", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert set(answer["values"]) == set(answer["units"]) == {"madrs@24h", "cadss@40min"}
    assert 0 < answer["values"]["madrs@24h"] < 36
    assert answer["units"]["madrs@24h"] == "points"


def test_a_population_gives_ranges():
    done = ketamind("run", *INFUSION, "--population", "trd", "--patients", "20", "--observe", "madrs@24h", "--json")
    low, high = json.loads(done.stdout)["ranges"]["madrs@24h"]
    assert low < high


def test_files_are_written_whole(tmp_path):
    done = ketamind("run", *INFUSION, "--days", "3", "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"report.html", "chain.svg", "chain.png", "run.nc"}
    html = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Not medical advice" in html
    assert "<svg" in html
    assert "http://" not in html.replace("http://www.w3.org", "")


def test_a_protocol_may_stand_in_a_file(tmp_path):
    from ketamind.protocols import parse_protocol
    from ketamind.protocols.toml import write_toml

    path = tmp_path / "protocol.toml"
    path.write_text(write_toml(parse_protocol(" ".join(INFUSION))), encoding="utf-8")
    asked = ["--observe", "venous_ketamine@1h", "--days", "1", "--json"]
    from_file, from_words = (json.loads(ketamind("run", *p, *asked).stdout) for p in ([str(path)], INFUSION))
    assert from_file["values"] == from_words["values"]


def test_explain_and_mechanisms():
    found = json.loads(ketamind("explain", "ketamine.CL_int_s", "--json").stdout)
    assert {"value", "unit", "low", "high", "source", "how verified", "equations"} <= set(found)
    listed = json.loads(ketamind("mechanisms", "--json").stdout)["mechanisms"]
    assert {"nmda", "opioid", "trkb_direct", "hnk"} <= {m["name"] for m in listed}


BAD = [
    (["run", "0.5 mg/kg ketamin iv"], "'ketamin' is not a drug. Did you mean 'ketamine'"),
    (["run", "0.5 mg/kg ketamine ivv"], "Did you mean 'iv'"),
    (["run", "0.5 mgg ketamine iv"], "mg"),
    (["run", "--", "-0.5 mg/kg ketamine iv"], ""),
    (["run", "0 mg/kg ketamine iv"], ""),
    (["run", "nan mg/kg ketamine iv"], ""),
    (["run", "inf mg/kg ketamine iv"], ""),
    (["run", "501 mg/kg ketamine iv"], "500 mg/kg"),
    (["run", "99999 mg ketamine iv"], "500 mg/kg"),
    (["run", "0.5 mg/kg ketamine iv over 0 min"], "over 0"),
    (["run", "10 mg/kg ketamine ip"], "rodents"),
    (["run", *INFUSION, "--without", "nmdaa"], "Did you mean 'nmda'"),
    (["run", *INFUSION, "--days", "0"], "cannot be simulated"),
    (["run", *INFUSION, "--days", "nan"], "cannot be simulated"),
    (["run", *INFUSION, "--observe", "madrs@99d"], "outside the run"),
    (["run", *INFUSION, "--observe", "madrs"], "NAME@TIME"),
    (["run", *INFUSION, "--observe", "mood@24h"], "is not an observable"),
    (["run", *INFUSION, "--patient", "weight_kg=0"], "weight_kg"),
    (["run", *INFUSION, "--patient", "weight_kg=1000"], "weight_kg"),
    (["run", *INFUSION, "--patient", "wait=80"], "weight_kg"),
    (["run", *INFUSION, "--population", "trdd"], "Did you mean 'trd'"),
    (["run", *INFUSION, "--species", "cat"], "species"),
    (["run", *INFUSION, "--manipulation", "block:ampaa"], "Did you mean 'ampa'"),
    (["run", *INFUSION, "--out", "/proc/no/where"], "Choose another folder"),
    (["run", "no_such_file.toml"], "is not a file"),
    (["explain", "nmda.k_onn"], "Did you mean"),
    (["knockouts", *INFUSION, "--mechanisms", "nmdaa"], "Did you mean 'nmda'"),
]


@pytest.mark.parametrize(("words", "message"), BAD, ids=lambda v: " ".join(v)[:60] if isinstance(v, list) else "")
def test_bad_input_gives_one_message_and_status_2(words, message, tmp_path):
    done = ketamind(*words, cwd=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.startswith("ketamind: ")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert os.listdir(tmp_path) == []


def test_toml_with_unknown_keys_names_the_key(tmp_path):
    path = tmp_path / "odd.toml"
    path.write_text('[[dose]]\ndrug = "ketamine"\namount = 0.5\nunit = "mg/kg"\nroute = "iv"\ncolour = "red"\n')
    done = ketamind("run", str(path))
    assert done.returncode == 2
    assert "colour" in done.stderr


def test_unknown_options_and_commands_end_with_status_2():
    assert ketamind("run", *INFUSION, "--colour", "red").returncode == 2
    assert ketamind("rum").returncode == 2
