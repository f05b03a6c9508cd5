"""The model language: what a mechanism is and how mechanisms are wired. No biology, no solver."""

from ketamind.declare.addition import Addition, extended
from ketamind.declare.component import Component, Input, Output, Parameter, State
from ketamind.declare.model import External, Model, System
from ketamind.declare.table import Row, Table, read_table, shipped_table

__all__ = [
    "Addition",
    "Component",
    "External",
    "Input",
    "Model",
    "Output",
    "Parameter",
    "Row",
    "State",
    "System",
    "Table",
    "extended",
    "read_table",
    "shipped_table",
]
