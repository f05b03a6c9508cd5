"""The machine code of one integration step, as LLVM IR on vectors of lanes (one patient a lane).

Four functions, each of one argument, the workspace of a thread:

    step     one Rodas5P step for every lane: new states, error, and the factor by which the step may grow
    accept   the new states become the states, in lanes that are marked
    dense    coefficients of the interpolant of the step just made
    observe  the chosen observables at a fraction `theta` of the step

The workspace is one array of doubles, cut into regions of vectors; `Layout` says where each begins.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from ketamind.declare.expression import Expression
from ketamind.engine.factorise import SCALE, Lowered, Lowering, moved_by, per_patient
from ketamind.engine.functions import Lines, library
from ketamind.engine.tableau import DENSE, ERROR_ORDER, GAMMA, STAGES, A, C

SINGLE = ("h", "theta", "error", "growth", "mark", "rtol")


@dataclass(frozen=True)
class Layout:
    """Where each region of the workspace begins, in vectors, and the nodes that are kept there.

    Nodes that depend on parameters only are `kept` a lane if patients differ in them, else `common` (one number).
    """

    begins: Mapping[str, int]
    size: int
    kept: Sequence[int]
    common: Sequence[int]
    shown: Sequence[int]


@dataclass(frozen=True)
class Kernels:
    """IR of all functions, and the workspace they share."""

    text: str
    layout: Layout
    lowered: Lowering
    lanes: int


class Body(Lines):
    """One function's instructions, reading and writing regions of the workspace."""

    def __init__(self, lanes: int, begins: Mapping[str, int]) -> None:
        super().__init__(lanes)
        self.begins = begins

    def address(self, region: str, index: int | str, extra: int = 0) -> str:
        """The address of a region's vector; `index` may be a value known only at run time."""
        if region == "stage":
            return self.new(f"getelementptr i8, ptr %stage, i64 {int(index) * self.lanes * 8}")
        first = self.begins[region] + extra
        if isinstance(index, int):
            return self.new(f"getelementptr i8, ptr %work, i64 {(first + index) * self.lanes * 8}")
        base = self.new(f"getelementptr i8, ptr %work, i64 {first * self.lanes * 8}")
        return self.new(f"getelementptr {self.vector}, ptr {base}, i64 {index}")

    def load(self, region: str, index: int | str, extra: int = 0) -> str:
        """A vector of the workspace; of what is common to all lanes, one number in every lane."""
        if region == "common":
            place = self.new(f"getelementptr i8, ptr %work, i64 {8 * (self.begins[region] * self.lanes + int(index))}")
            number = self.new(f"load double, ptr {place}, align 8")
            one = self.new(f"insertelement {self.vector} poison, double {number}, i64 0")
            same = f"<{self.lanes} x i32> zeroinitializer"
            return self.new(f"shufflevector {self.vector} {one}, {self.vector} poison, {same}")
        return self.new(f"load {self.vector}, ptr {self.address(region, index, extra)}, align 8")

    def store(self, value: str, region: str, index: int | str, extra: int = 0) -> None:
        """Write a vector of the workspace."""
        place = self.address(region, index, extra)
        self.text.append(f"  store {self.vector} {value}, ptr {place}, align 8")

    def loop(self, n: int, body: Callable[[str], None], sums: Sequence[str] = ()) -> list[str]:
        """Repeat for i from 0 to n - 1. `body` may carry running values: see `running`."""
        self.count += 1
        tag = f"L{self.count}"
        before, self.running = f"{tag}.before", [f"%{tag}.s{k}" for k in range(len(sums))]
        phis = list(self.running)
        self.text += [f"  br label %{before}", f"{before}:", f"  br label %{tag}", f"{tag}:"]
        self.text.append(f"  %{tag}.i = phi i64 [ 0, %{before} ], [ %{tag}.n, %{tag} ]")
        place = len(self.text)
        body(f"%{tag}.i")
        heads = [
            f"  {phi} = phi {self.vector} [ {start}, %{before} ], [ {end}, %{tag} ]"
            for phi, start, end in zip(phis, sums, self.running, strict=True)
        ]
        self.text[place:place] = heads
        self.text += [
            f"  %{tag}.n = add i64 %{tag}.i, 1",
            f"  %{tag}.c = icmp ult i64 %{tag}.n, {n}",
            f"  br i1 %{tag}.c, label %{tag}, label %{tag}.after",
            f"{tag}.after:",
        ]
        return self.running

    def weighted(self, index: str, weights: Sequence[float], n: int, start: str | None = None) -> str:
        """start + sum of weights[j] k_j at one state."""
        total = start
        for j, w in enumerate(weights):
            k = self.load("k", index, j * n)
            weight = self.const(w)
            total = self.op("fmul", k, weight) if total is None else self.fma(k, weight, total)
        return total if total is not None else self.const(0.0)

    def done(self, name: str, linkage: str = "", more: str = "") -> str:
        """The whole function."""
        head = f"define {linkage} void @{name}(ptr noalias %work{more}) #0 {{"
        return "\n".join([head, *self.text, "  ret void", "}"])


INSTRUCTIONS = {"add": "fadd", "sub": "fsub", "mul": "fmul"}


def evaluate(body: Body, graph: Lowered, wanted: Iterable[Expression], known: dict[int, str]) -> list[str]:
    """Instructions for the expressions, given values (or ways to load them) of the nodes they rest on."""
    wanted = list(wanted)
    stack, ready = [e.id for e in reversed(wanted)], known
    while stack:
        node = stack[-1]
        op, args, value = graph.nodes[node]
        missing = [a for a in args if a not in ready] if node not in ready else []
        if missing:
            stack.extend(reversed(missing))
            continue
        stack.pop()
        if node not in ready:
            ready[node] = body.const(float(value or 0.0)) if op == "const" else instruction(body, op, args, ready)
    return [ready[e.id] for e in wanted]


def instruction(body: Body, op: str, args: tuple[int, ...], ready: Mapping[int, str]) -> str:
    """One node's instruction."""
    a, *rest = (ready[i] for i in args)
    match op:
        case "add" | "sub" | "mul":
            return body.op(INSTRUCTIONS[op], a, rest[0])
        case "neg":
            return body.op("fneg", a)
        case "reciprocal":
            return body.op("fdiv", body.const(1.0), a)
        case "exp" | "log" | "tanh":
            return body.call(f"@{op}", a)
        case "sqrt":
            return body.intrinsic("sqrt", a)
        case "abs":
            return body.intrinsic("fabs", a)
        case "max" | "min":
            return body.where("ogt" if op == "max" else "olt", a, rest[0], a, rest[0])
        case "greater":
            return body.where("ogt", a, rest[0], body.const(1.0), body.const(0.0))
        case _:
            raise NotImplementedError(f"instruction for '{op}'")


class Loads(dict[int, str]):
    """Values of nodes; those that lie in the workspace are loaded when first asked for."""

    def __init__(self, body: Body, places: Mapping[int, tuple[str, int]]) -> None:
        super().__init__()
        self.body, self.places = body, places

    def __contains__(self, node: object) -> bool:
        return super().__contains__(node) or node in self.places

    def __missing__(self, node: int) -> str:
        self[node] = self.body.load(*self.places[node])
        return self[node]


def write(lowered: Lowering, lanes: int, varied: Iterable[str]) -> Kernels:
    """IR of the four functions for a system and its chosen observables; patients differ in the varied parameters."""
    graph, system = lowered.graph, lowered.system
    n = len(system.states)
    factors, changing = lowered.factors, [*system.states, *system.inputs, SCALE]
    entries = {e.id for e in (*factors.lower.values(), *factors.upper.values(), *factors.inverse.values())}
    stored = sorted(moved_by(graph, entries, changing))
    # The factors were computed at the start of the step, so later stages know them by names of their own.
    names = {node: graph.symbol(f"factor:{i}") for i, node in enumerate(stored)}
    right = [r + graph.symbol(f"v:{i}") for i, r in enumerate(lowered.rates)]
    stages = factors.solve(list(lowered.rates)), factors.named(names).solve(right)
    made = (*stages, [Expression(graph, s) for s in stored], lowered.observables)
    kept = per_patient(graph, made, system.system.parameters)
    shown = sorted(
        system.system.state_index[str(graph.nodes[i][2])]
        for i in graph.reachable(lowered.observables)
        if graph.nodes[i][0] == "symbol" and graph.nodes[i][2] in system.system.state_index
    )
    own = moved_by(graph, kept, varied)
    common, kept = [k for k in kept if k not in own], [k for k in kept if k in own]
    sizes = {"y": n, "new": n, "k": STAGES * n, "factors": len(stored), "kept": len(kept)}
    sizes |= {"common": -(-len(common) // lanes), "input": 3 * len(system.inputs), "atol": n, "low": n, "high": n}
    sizes |= {"dense": 3 * len(shown), "observed": len(lowered.observables), **dict.fromkeys(SINGLE, 1)}
    begins = dict(zip(sizes, accumulate([0, *sizes.values()]), strict=False))
    layout = Layout(begins, sum(sizes.values()), kept, common, shown)
    places = {node: ("kept", k) for k, node in enumerate(kept)} | {node: ("common", k) for k, node in enumerate(common)}
    places |= {graph.symbol(name).id: ("input", k) for k, name in enumerate(system.inputs)}
    places |= {name.id: ("factors", i) for i, name in enumerate(names.values())}
    writer = _Writer(lowered, lanes, layout, places, made[2], stages)
    parts = [library(lanes), writer.factorise(), writer.stage()]
    parts += [writer.step(), writer.accept(), writer.dense(), writer.observe(), attributes(lanes)]
    return Kernels("\n".join(parts), layout, lowered, lanes)


def attributes(lanes: int) -> str:
    """Attributes that let the full width be used."""
    width = f'"prefer-vector-width"="{64 * lanes}" "min-legal-vector-width"="{64 * lanes}"'
    return f"attributes #0 = {{ nounwind {width} }}\nattributes #1 = {{ nounwind alwaysinline {width} }}"


@dataclass(frozen=True)
class _Writer:
    lowered: Lowering
    lanes: int
    layout: Layout
    places: Mapping[int, tuple[str, int]]
    stored: Sequence[Expression]
    stages: tuple[list[Expression], list[Expression]]

    @property
    def n(self) -> int:
        return len(self.lowered.rates)

    def body(self) -> Body:
        return Body(self.lanes, self.layout.begins)

    def states(self, region: str) -> dict[int, tuple[str, int]]:
        graph = self.lowered.graph
        return {graph.symbol(name).id: (region, i) for i, name in enumerate(self.lowered.system.states)}

    def factorise(self) -> str:
        """Factors of M at the states `new`, each put away as soon as it is known."""
        body, graph = self.body(), self.lowered.graph
        known = Loads(body, {**self.places, **self.states("new")})
        known[graph.symbol(SCALE).id] = body.op("fdiv", body.const(1.0 / GAMMA), body.load("h", 0))
        for i, factor in enumerate(self.stored):
            body.store(evaluate(body, graph, [factor], known)[0], "factors", i)
        return body.done("factorise", "internal")

    def stage(self) -> str:
        """A later stage at the states `new`: `stage` holds what is added to the rates, and then the result."""
        body, graph = self.body(), self.lowered.graph
        places = {**self.places, **self.states("new")}
        places |= {graph.symbol(f"v:{i}").id: ("stage", i) for i in range(self.n)}
        k = evaluate(body, graph, self.stages[1], Loads(body, places))
        for i, value in enumerate(k):
            body.store(value, "stage", i)
        return body.done("stage", "internal", ", ptr noalias %stage")

    def step(self) -> str:
        body = self.body()
        per_h = body.op("fdiv", body.const(1.0), body.load("h", 0))
        for s in range(STAGES):
            self._sums(body, s, per_h)
            if s == 0:
                body.text.append("  call void @factorise(ptr %work)")
            body.text.append(f"  call void @stage(ptr %work, ptr {body.address('k', s * self.n)})")
        self._judge(body)
        return body.done("step")

    def _sums(self, body: Body, s: int, per_h: str) -> None:
        """Where stage s is evaluated, and what is added to its rates."""

        def one(i: str) -> None:
            if s <= 5:
                body.store(body.weighted(i, A[s], self.n, body.load("y", i)), "new", i)
            else:
                last = body.load("k", i, (s - 1) * self.n)
                body.store(body.op("fadd", body.load("new", i), last), "new", i)
            body.store(body.op("fmul", body.weighted(i, C[s], self.n), per_h), "k", i, s * self.n)

        body.loop(self.n, one)

    def _judge(self, body: Body) -> None:
        """New states, root mean square of the error over its tolerance, and how much the step may grow."""
        rtol = body.load("rtol", 0)

        def one(i: str) -> None:
            last = body.load("k", i, (STAGES - 1) * self.n)
            old, new = body.load("y", i), body.op("fadd", body.load("new", i), last)
            body.store(new, "new", i)
            a, b = body.intrinsic("fabs", old), body.intrinsic("fabs", new)
            allowed = body.fma(rtol, body.where("ogt", a, b, a, b), body.load("atol", i))
            low, high = body.load("low", i), body.load("high", i)
            out, before = (self._out(body, x, low, high) for x in (new, old))
            # A state that an accepted step left beyond its bound may come back from there, however slowly.
            out = body.where("ogt", out, before, out, body.const(0.0))
            inverse = body.op("fdiv", body.const(1.0), allowed)
            ratio, out = body.op("fmul", last, inverse), body.op("fmul", out, inverse)
            squares, worst = body.running
            body.running = [body.fma(ratio, ratio, squares), body.where("ogt", out, worst, out, worst)]

        squares, worst = body.loop(self.n, one, (body.const(0.0), body.const(0.0)))
        mean = body.op("fmul", squares, body.const(1.0 / self.n))
        breach = body.op("fmul", worst, body.const(0.1))
        breach = body.op("fmul", breach, breach)
        total = body.where("ogt", breach, mean, breach, mean)
        body.store(body.where("uno", mean, mean, mean, total), "error", 0)
        floor = body.const(1e-20)
        safe = body.where("ogt", total, floor, total, floor)
        power = body.op("fmul", body.call("@log", safe), body.const(-0.5 / ERROR_ORDER))
        body.store(body.call("@exp", power), "growth", 0)

    def _out(self, body: Body, x: str, low: str, high: str) -> str:
        """How far a state lies beyond its bounds."""
        under, over = body.op("fsub", low, x), body.op("fsub", x, high)
        return body.where("ogt", under, over, under, over)

    def accept(self) -> str:
        body = self.body()
        which = body.compare("ogt", body.load("mark", 0), body.const(0.0))
        body.loop(self.n, lambda i: body.store(body.select(which, body.load("new", i), body.load("y", i)), "y", i))
        return body.done("accept")

    def dense(self) -> str:
        body = self.body()
        for k, i in enumerate(self.layout.shown):
            ks = [body.load("k", i, j * self.n) for j in range(STAGES)]
            for m, weights in enumerate(DENSE):
                total = body.op("fmul", ks[0], body.const(weights[0]))
                for value, w in zip(ks[1:], weights[1:], strict=True):
                    total = body.fma(value, body.const(w), total)
                body.store(total, "dense", 3 * k + m)
        return body.done("dense")

    def observe(self) -> str:
        body, graph = self.body(), self.lowered.graph
        theta = body.load("theta", 0)
        rest = body.op("fsub", body.const(1.0), theta)
        known = Loads(body, self.places)
        for k, i in enumerate(self.layout.shown):
            d1, d2, d3 = (body.load("dense", 3 * k + m) for m in range(3))
            inner = body.fma(body.fma(theta, d3, d2), theta, d1)
            inner = body.fma(rest, inner, body.load("new", i))
            value = body.fma(theta, inner, body.op("fmul", rest, body.load("y", i)))
            known[graph.symbol(self.lowered.system.states[i]).id] = value
        for k, value in enumerate(evaluate(body, graph, self.lowered.observables, known)):
            body.store(value, "observed", k)
        return body.done("observe")
