"""How far a rating errs, scale by scale."""

from functools import lru_cache

from ketamind.declare import shipped_table


@lru_cache(maxsize=1)
def points_per_madrs() -> dict[str, float]:
    """Points of each depression scale per point of the MADRS, by the published links between scales.

    >>> round(points_per_madrs()["hamd17"], 3)
    0.769
    """
    row = {n: shipped_table().row(f"scales.{n}").value for n in LINKS}
    hamd17 = row["hamd17_step"] / row["madrs_at_hamd10"]
    return {
        "madrs": 1.0,
        "hamd17": hamd17,
        "hamd6": row["hamd6_ratio"] * hamd17,
        "hamd24": row["hamd24_ratio"] * hamd17,
        "hamd25": row["hamd25_ratio"] * hamd17,
        "qids_sr16": row["qids_slope"] * hamd17,
        "phq9": row["phq9_ratio"] * row["qids_slope"] * hamd17,
        "bdi2": row["bdi_slope"] * hamd17,
    }


LINKS = (
    *("hamd17_step", "madrs_at_hamd10", "hamd6_ratio", "hamd24_ratio", "hamd25_ratio"),
    *("qids_slope", "phq9_ratio", "bdi_slope"),
)


@lru_cache(maxsize=1)
def madrs_rating_sd() -> float:
    """Standard deviation of one MADRS rating, points."""
    return shipped_table().row("scales.madrs_rating_sd").value
