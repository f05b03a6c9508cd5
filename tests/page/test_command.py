"""`ketamind page` at the command line: one message and status 2 for what cannot be, and a page that answers."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

CODE = "from ketamind.cli import main; main()"


def page(*words, code=CODE):
    return subprocess.run(
        [sys.executable, "-c", code, "page", *words], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("words", [("--port", "70000"), ("--port", "-1"), ("--port", "x"), ("--static", "/dev/null/x")])
def test_bad_input_is_one_message(words):
    done = page(*words)
    assert done.returncode == 2
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr
    assert not done.stdout


def test_a_busy_port_is_told():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = page("--port", str(port))
    assert done.returncode == 2
    assert str(port) in done.stderr
    assert "--port" in done.stderr


def test_a_missing_extra_is_told():
    hidden = f"import sys; sys.modules['starlette'] = None\n{CODE}"
    done = page("--port", "0", code=hidden)
    assert done.returncode == 2
    assert "ketamind[page]" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="stops with SIGINT")
def test_it_serves_until_it_is_stopped():
    process = subprocess.Popen([sys.executable, "-c", CODE, "page", "--port", "0"], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        address = next(w for w in line.split() if w.startswith("http://127.0.0.1:"))
        assert "Not medical advice" in line
        with urllib.request.urlopen(address, timeout=30) as answer:
            assert b"ketamind" in answer.read()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) in (0, 130)
        assert "Traceback" not in process.stderr.read()
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
