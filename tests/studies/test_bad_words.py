"""Bad input to the commands that ask questions: one message on standard error, status 2, nothing on standard output."""

import sys

import pytest

from ketamind.cli import main

DOSE = "0.5 mg/kg ketamine iv over 40 min"
BAD = [
    (["knockouts", "0.5 mg/kg ketamin3 iv"], "Did you mean 'ketamine'"),
    (["knockouts", DOSE, "--mechanisms", "nmdaa"], "Did you mean 'nmda'"),
    (["sensitivity", DOSE, "--parameters", "nmda.k_onn"], "is not a parameter of this model"),
    (["sensitivity", DOSE, "--observe", "madrs@nan h"], "NAME@TIME"),
    (["sensitivity", DOSE, "--observe", "madrs@1e999 h"], "is not finite"),
    (["sensitivity", DOSE, "--parameters", "dissociation", "--samples", "999999999"], "samples = 999999999"),
    (["sensitivity", DOSE, "--out", "/proc/no/where"], "Choose another folder"),
    (["discriminate", "hnk", "hnkk"], "Did you mean 'hnk'"),
    (["discriminate", "hnk", "hnk"], "nothing to tell apart"),
    (["discriminate", "hnk", "trkb_direct", "--protocols", "none.toml"], "cannot be read as candidate studies"),
    (["discriminate", "hnk", "trkb_direct", "--doubt", "nan"], "doubt = nan"),
]


@pytest.mark.parametrize(("words", "message"), BAD, ids=lambda v: " ".join(v) if isinstance(v, list) else "")
def test_bad_input_gives_one_message_and_status_2(words, message, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["ketamind", *words])
    with pytest.raises(SystemExit) as stopped:
        main()
    told = capsys.readouterr()
    assert stopped.value.code == 2
    assert message in told.err
    assert told.err.startswith("ketamind: ")
    assert told.out == ""
