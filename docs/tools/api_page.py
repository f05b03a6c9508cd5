"""The Python interface as a page: what `ketamind` offers, and what those meet who add to it."""

import importlib

PLACES = {
    "Mechanisms": (
        "ketamind.declare",
        ("Component", "Input", "State", "Parameter", "Output", "Addition", "External", "Model", "Row", "Table"),
    ),
    "Engine": ("ketamind.engine", ("Batch", "Schedule", "Jump", "Step", "Options", "Solution", "solve", "stream")),
    "Errors": (
        "ketamind.errors",
        ("UnknownName", "BadValue", "BadFile", "ModelError", "UnitMismatch", "SolveFailed"),
    ),
}


def api_page() -> str:
    """Everything public, by its docstring."""
    import ketamind

    offered = [n for n in ketamind.__all__ if not n.startswith("_")]
    parts = [
        "# Python",
        "`import ketamind as km` takes under a tenth of a second; each name is loaded when it is first used. "
        "Arrays are `xarray` with units and sources in their attributes. Every expected problem is a "
        "`km.KetamindError`.",
        "",
        "## ketamind",
        *(f"### km.{name}\n\n{_entry('ketamind', name)}" for name in offered),
    ]
    for title, (module, names) in PLACES.items():
        parts += [f"## {title}", f"From `{module}`.", "", *(_entry(module, name) for name in names)]
    return "\n".join(parts)


def _entry(module: str, name: str) -> str:
    module, name = getattr(importlib.import_module(module), "_PLACES", {}).get(name, (module, name))
    thing = getattr(importlib.import_module(module), name)
    kind = "autofunction" if not isinstance(thing, type) else "autoclass"
    if isinstance(thing, type) and issubclass(thing, Exception):
        kind = "autoexception"
    home = f"{thing.__module__}.{thing.__qualname__}"
    members = "\n   :members:" if kind == "autoclass" else ""
    return f"```{{eval-rst}}\n.. {kind}:: {home}{members}\n```\n"
