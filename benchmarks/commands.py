"""How long a person waits: commands from the shell to their answer, each the fastest of several.

python benchmarks/commands.py [--tries N]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

CODE = "from ketamind.cli import main; main()"
INFUSION = "0.5 mg/kg ketamine iv over 40 min"
COMMANDS = {
    "import ketamind": None,
    "ketamind --help": ["--help"],
    "ketamind explain madrs": ["explain", "madrs"],
    "ketamind run": ["run", INFUSION, "--observe", "madrs@24h"],
    "ketamind run, 400 patients": [
        "run",
        INFUSION,
        "--population",
        "trd",
        "--patients",
        "400",
        "--observe",
        "madrs@24h",
    ],
    "ketamind demo": ["demo", "--out", "demo-out"],
}


def once(words: list[str] | None, folder: str) -> dict[str, float]:
    """Wall and processor seconds of one process."""
    command = ["-c", "import ketamind"] if words is None else ["-c", CODE, *words]
    before, start = os.times(), time.perf_counter()
    subprocess.run([sys.executable, *command], cwd=folder, check=True, capture_output=True)
    wall, after = time.perf_counter() - start, os.times()
    return {"wall_s": wall, "processor_s": sum(after[2:4]) - sum(before[2:4])}


def main() -> None:
    """Measure each and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tries", type=int, default=3)
    tries = parser.parse_args().tries
    with tempfile.TemporaryDirectory() as folder:
        found = {
            name: min((once(words, folder) for _ in range(tries)), key=lambda t: t["wall_s"])
            for name, words in COMMANDS.items()
        }
    print(json.dumps({n: {k: round(v, 3) for k, v in times.items()} for n, times in found.items()}, indent=2))


if __name__ == "__main__":
    main()
