"""Writes ketamine_population.csv: 24 people of a known population, sampled after an infusion, as an event table.

    python examples/make_population.py
    ketamind fit examples/ketamine_population.csv --out fit-out

The truth behind it: clearance 1.2 times the table's with 30 % between people, shallow volume 0.9 times with 25 %, and
a 15 % error of each sample. A fit should find this again.
"""

from pathlib import Path

import numpy as np

from ketamind.exchange.population import people_to_events
from ketamind.protocols import parse_protocol
from ketamind.studies.fit import simulated_people

TRUTH = {"CL": (1.2, 0.30), "V_1": (0.9, 0.25)}
PROTOCOL = "0.5 mg/kg ketamine iv over 40 min"
TIMES_H = (0.25, 0.5, 0.667, 0.833, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 9.0, 12.0)


def main() -> None:
    """Draw the people and write their table beside this file."""
    weights = [float(round(w, 1)) for w in np.random.default_rng(1).normal(75, 12, 24)]
    people = simulated_people([parse_protocol(PROTOCOL)] * 24, weights, TIMES_H, TRUTH, error=0.15, seed=20)
    people_to_events(people, Path(__file__).parent / "ketamine_population.csv")


if __name__ == "__main__":
    main()
