"""Mechanisms from outside the shipped chain: a lab's own, or an alternative to a shipped one."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from ketamind.declare.component import Component
from ketamind.declare.model import Model
from ketamind.declare.table import read_table
from ketamind.errors import unknown_name


@dataclass(frozen=True)
class Addition:
    """Components that are wired into a chain, with the table of their numbers.

    A component is read by whatever has an input of the name that it gives: it can fill an input that nothing fills
    in the shipped chain, or take the place of components that `replaces` names, whose outputs it must then give.
    `table` is a CSV file in the form of the shipped parameter tables.
    """

    name: str
    components: tuple[Component, ...]
    replaces: tuple[str, ...] = ()
    table: Path | None = None

    @property
    def outputs(self) -> frozenset[str]:
        """What it gives to the rest."""
        return frozenset(o.wire or o.symbol for c in self.components for o in c.outputs)

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """Names under which it can be switched off."""
        return tuple(dict.fromkeys(c.mechanism for c in self.components if c.mechanism))

    def to(self, model: Model) -> Model:
        """The model with this wired in. Raises UnknownName for a component to replace, BadFile for a bad table."""
        present = {c.name for c in model.components}
        for name in self.replaces:
            if name not in present:
                raise unknown_name(name, f"a component that '{self.name}' could replace", present)
        kept = tuple(c for c in model.components if c.name not in self.replaces)
        table = model.table if self.table is None else model.table.joined(read_table([self.table]))
        return replace(model, components=kept, table=table).with_components(*self.components)


def extended(model: Model, additions: Iterable[Addition]) -> Model:
    """The model with all of these wired in, in order."""
    for addition in additions:
        model = addition.to(model)
    return model
