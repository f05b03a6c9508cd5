"""Equations of a mechanism as text, from its declaration: the functions are run once on symbols and written out."""

from collections import Counter
from types import SimpleNamespace

from ketamind.declare import Component
from ketamind.declare.expression import PRECEDENCE, SIGNS, Expression, Graph

LONG = 90
"""Characters from which a repeated or nested part gets a line of its own."""
OPERATORS = {**SIGNS, "mul": " · ", "pow": "^"}


class Writer:
    """Writes nodes of one graph; parts used more than once, and long ones, become named lines."""

    def __init__(self, graph: Graph, wanted: list[Expression]) -> None:
        self.graph = graph
        self.uses = Counter(a for i in graph.reachable(wanted) for a in graph.nodes[i][1])
        self.texts: dict[int, tuple[str, int]] = {}
        self.lines: list[str] = []
        for node in graph.reachable(wanted):
            self.texts[node] = self._node(node)

    def text(self, expression: Expression) -> str:
        """The expression, given the lines before it."""
        return self.texts[expression.id][0]

    def _node(self, node: int) -> tuple[str, int]:
        op, args, value = self.graph.nodes[node]
        if op == "symbol":
            return str(value), 9
        if op == "const":
            return f"{value:.6g}", 9 if float(value or 0) >= 0 else 2
        own = PRECEDENCE.get(op, 9)
        if op in SIGNS:
            right = own + 1 if op in ("sub", "div", "pow") else own
            words = OPERATORS[op].join((self._within(args[0], own + (op == "pow")), self._within(args[1], right)))
        elif op == "neg":
            words = "-" + self._within(args[0], own + 1)
        else:
            own, words = 9, f"{op}({', '.join(self._within(a, 0) for a in args)})"
        if (self.uses[node] > 1 and len(words) > 12) or len(words) > LONG:
            name = f"[{len(self.lines) + 1}]"
            self.lines.append(f"{name} = {words}")
            return name, 9
        return words, own

    def _within(self, node: int, outer: int) -> str:
        words, own = self.texts[node]
        return f"({words})" if own < outer else words


def formulas(component: Component) -> str:
    """Rates and read-outs of a mechanism, one a line, by its own symbols."""
    graph = Graph()
    groups = (component.inputs, component.states, component.parameters)
    values = tuple(SimpleNamespace(**{q.symbol: graph.symbol(q.symbol) for q in group}) for group in groups)
    rates, readout = component.rates(*values), component.readout(*values)
    left = {f"d{s.symbol}/dt": rates[s.symbol] for s in component.states}
    left |= {o.wire or o.symbol: readout[o.symbol] for o in component.outputs}
    lifted = {name: v if isinstance(v, Expression) else graph.constant(v) for name, v in left.items()}
    writer = Writer(graph, list(lifted.values()))
    right = {name: writer.text(expression) for name, expression in lifted.items()}
    return "\n".join([*writer.lines, *(f"{name} = {words}" for name, words in right.items() if name != words)])
