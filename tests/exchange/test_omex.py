"""The archive of flagship simulations: complete, valid, and run by another simulator from its own SED-ML."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from ketamind.errors import BadFile, KetamindError
from ketamind.exchange.omex import FLAGSHIPS, USUAL, check_omex, read_omex, to_omex

pytest.importorskip("libsbml")
libsedml = pytest.importorskip("libsedml")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return to_omex(tmp_path_factory.mktemp("omex") / "flagships.omex")


def test_the_archive_validates(archive: Path) -> None:
    assert check_omex(archive) == ()


def test_it_holds_a_model_a_task_a_report_and_plots_for_each_simulation(archive: Path) -> None:
    whole = libsedml.readSedMLFromString(read_omex(archive)["simulation.sedml"])
    assert whole.getNumTasks() == whole.getNumModels() == len(FLAGSHIPS)
    assert whole.getNumOutputs() == len(FLAGSHIPS) * (1 + len(USUAL))


def test_its_model_gives_our_mood_curve(archive: Path, tmp_path: Path) -> None:
    roadrunner = pytest.importorskip("roadrunner")
    from ketamind.engine import Options
    from ketamind.simulation import simulate

    whole = libsedml.readSedMLFromString(read_omex(archive)["simulation.sedml"])
    course = whole.getSimulation(0)
    config = roadrunner.Config
    config.setValue(config.LLVM_BACKEND, config.LLJIT)
    config.setValue(config.LLJIT_OPTIMIZATION_LEVEL, config.NONE)
    engine = roadrunner.RoadRunner(read_omex(archive)[whole.getModel(0).getSource()])
    engine.integrator.setValue("relative_tolerance", float(course.getAlgorithm().getAlgorithmParameter(0).getValue()))
    engine.integrator.setValue("absolute_tolerance", float(course.getAlgorithm().getAlgorithmParameter(1).getValue()))
    engine.timeCourseSelections = ["time", "madrs", "venous_ketamine"]
    times = np.linspace(0, course.getOutputEndTime(), 169)
    found = np.asarray(engine.simulate(times=list(times)))
    run = simulate(FLAGSHIPS[0].protocol, 7, times_h=times, observe=["madrs", "venous_ketamine"], options=Options(1e-9))
    for column, name in ((1, "madrs"), (2, "venous_ketamine")):
        mine = run[name].values[:, 0]
        assert np.abs(found[1:, column] - mine[1:]).max() < 1e-5 * np.abs(mine).max()


def change(archive: Path, target: Path, changes: dict[str, str | None]) -> Path:
    files: dict[str, str | None] = {**read_omex(archive), **changes}
    with zipfile.ZipFile(target, "w") as out:
        for name, text in files.items():
            if text is not None:
                out.writestr(name, text)
    return target


def test_faults_are_found(tmp_path: Path) -> None:
    archive = to_omex(tmp_path / "one.omex", FLAGSHIPS[:1])
    whole = read_omex(archive)["simulation.sedml"]
    broken = change(archive, tmp_path / "a.omex", {"simulation.sedml": whole.replace("madrs&apos;", "mood&apos;")})
    assert any("points at 'mood'" in fault for fault in check_omex(broken))
    missing = change(archive, tmp_path / "b.omex", {"ketamine.xml": None})
    assert any("'ketamine.xml' is listed and not there" in fault for fault in check_omex(missing))
    odd = change(archive, tmp_path / "c.omex", {"more.txt": "x", "manifest.xml": "<a"})
    assert any("manifest.xml" in fault for fault in check_omex(odd))


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04", b"text", b"\x00" * 1000, b"PK\x05\x06" + b"\x01" * 18],
    ids=["empty", "cut short", "text", "zeros", "wrong directory"],
)
def test_what_is_no_archive_is_one_message(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.omex"
    path.write_bytes(content)
    with pytest.raises(BadFile, match=r"x\.omex' cannot be read as a COMBINE archive"):
        read_omex(path)


def test_an_archive_cut_in_half_is_one_message(archive: Path, tmp_path: Path) -> None:
    whole = archive.read_bytes()
    (tmp_path / "half.omex").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadFile, match=r"half\.omex"):
        read_omex(tmp_path / "half.omex")


def test_an_archive_that_would_unpack_to_gigabytes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ketamind.exchange.omex.LARGEST_BYTES", 1000)
    with zipfile.ZipFile(tmp_path / "bomb.omex", "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("manifest.xml", "<omexManifest/>")
        out.writestr("big.xml", b" " * 2000)
    with pytest.raises(BadFile, match="unpacks to more than"):
        read_omex(tmp_path / "bomb.omex")


def test_a_member_that_is_no_text_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.omex", "w") as out:
        out.writestr("manifest.xml", b"\xff\xfe")
    with pytest.raises(BadFile, match="cannot be read as a COMBINE archive"):
        read_omex(tmp_path / "x.omex")


def test_an_archive_without_manifest_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.omex", "w") as out:
        out.writestr("a.xml", "<a/>")
    with pytest.raises(BadFile, match="no manifest"):
        read_omex(tmp_path / "x.omex")


def test_no_simulations_are_no_archive(tmp_path: Path) -> None:
    with pytest.raises(KetamindError, match="at least one"):
        to_omex(tmp_path / "x.omex", ())
