"""Three knock-outs with their figures: NMDA block off, naltrexone given before, rapamycin given.

Run with `.venv/bin/python examples/knockout.py FOLDER`; writes `report.html` and a figure for each.
"""

import sys
from pathlib import Path

import ketamind as km
from ketamind.report.knockout_report import write_knockout_report

OUTCOMES = "cadss@40min,rate_pyramidal@40min,mor_signal@40min,synaptic_strength@4h,spine_density@24h,madrs@24h,madrs@7d"


def main(folder: Path) -> None:
    """Simulate the three and write their report."""
    folder.mkdir(parents=True, exist_ok=True)
    table = km.knockouts("0.5 mg/kg ketamine iv over 40 min", ["nmda", "naltrexone", "rapamycin"], OUTCOMES)
    print(table.as_text())
    print(write_knockout_report(table, folder))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "knockout-out"))
