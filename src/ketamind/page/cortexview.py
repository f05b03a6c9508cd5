"""The cortex before and under drug, for the page: rates, spectra and rasters of a simulated stretch."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ketamind.cortex.command import CortexRequest, perform
from ketamind.cortex.couple import Cortex, check_options
from ketamind.cortex.simulate import Recording
from ketamind.errors import BadValue
from ketamind.page.asked import Name, Word
from ketamind.page.doors import Checked
from ketamind.page.jobs import Job, Stopped

TYPES = ("pyramidal", "pv", "sst", "vip")
DRAWN = {"pyramidal": 120, "pv": 32, "sst": 28, "vip": 20}
"""Cells drawn of each type: 200 in all."""

RASTER_MS = 1000.0
MOST_SPIKES = 20_000
SPECTRUM_HZ = (2.0, 120.0)
MOST_CELL_SECONDS = 50_000.0


class CortexAsked(Checked):
    """A concentration or a protocol and a moment of it, protected cell types, and how long is simulated."""

    protocol: str = Field(default="", max_length=2000)
    at: Word = "40 min"
    uM: float | None = Field(default=None, ge=0, le=200, allow_inf_nan=False)  # noqa: N815
    drug: Name = "ketamine"
    protect: list[Name] = Field(default=[], max_length=4)
    without: list[Name] = Field(default=[], max_length=20)
    cells: int = Field(default=1000, ge=1000, le=10_000)
    seconds: float = Field(default=3.0, ge=1, le=30, allow_inf_nan=False)
    seed: int = Field(default=1, ge=0, le=2**31)

    def check(self) -> None:
        """Raises KetamindError for what cannot be simulated, or is more than the page takes at once."""
        if self.cells * self.seconds > MOST_CELL_SECONDS:
            raise BadValue(
                f"{self.cells} cells for {self.seconds:g} s is more than the page simulates at once: keep cells times "
                f"seconds under {MOST_CELL_SECONDS:g}, or use the command line (`ketamind cortex`)."
            )
        check_options(self.request().options)

    def request(self) -> CortexRequest:
        """What the cortex is asked."""
        given = {"protocol": self.protocol} if self.uM is None else {"drug": self.drug}
        return CortexRequest(
            **given,
            at=self.at,
            uM=self.uM,
            without=tuple(self.without),
            protect=tuple(self.protect),
            cells=self.cells,
            seconds=self.seconds,
            seed=self.seed,
        )


def simulated(asked: CortexAsked, job: Job) -> dict[str, Any] | None:
    """What is drawn of a simulated cortex, or nothing if it was stopped. Raises as `perform`."""

    def advance(done: int, total: int) -> None:
        job.advance(done, total)
        if job.stop.is_set():
            raise Stopped

    try:
        return drawn(perform(asked.request(), advance))
    except Stopped:
        return None


def drawn(found: Cortex) -> dict[str, Any]:
    """Rates, spectra and rasters by moment, and the numbers beside them."""
    frequency = found.data["frequency"].values
    shown = (frequency >= SPECTRUM_HZ[0]) & (frequency <= SPECTRUM_HZ[1])
    numbers = found.as_json()
    first = next(iter(found.recordings.values()))
    return {
        "types": list(TYPES),
        "frequency": frequency[shown],
        "cells": dict(first.network.counts(first.cells)),
        "moments": [
            {
                "name": name,
                "numbers": numbers[name],
                "spectrum": found.data["spectrum"].sel(moment=name).values[shown],
                "raster": raster(recording),
            }
            for name, recording in found.recordings.items()
        ],
    }


def raster(recording: Recording) -> dict[str, Any]:
    """Spikes of the last second in some cells of each type: rows from the top, and times in ms."""
    start = max(recording.start_ms, recording.stop_ms - RASTER_MS)
    rows, times, above = [], [], 0
    for cell_type in TYPES:
        ms, cell = recording.spikes(cell_type)
        chosen = _chosen(*recording.cell_range(cell_type), DRAWN[cell_type])
        seen = (ms >= start) & np.isin(cell, chosen)
        rows.append(above + np.searchsorted(chosen, cell[seen]))
        times.append(np.round(ms[seen] - start, 1))
        above += len(chosen)
    return {
        "row": np.concatenate(rows)[:MOST_SPIKES],
        "ms": np.concatenate(times)[:MOST_SPIKES],
        "rows": above,
        "lasts_ms": recording.stop_ms - start,
    }


def _chosen(first: int, last: int, count: int) -> NDArray[np.int64]:
    """At most `count` cells of a type, evenly among all of them."""
    step = max(1, math.floor((last - first) / count))
    return np.arange(first, last, step)[:count]
