"""``python -m tools.mutate [--seconds S] [--most N] MODULE…``: breaks a module in one place at a time, and lists what no test notices.

A mutant is one changed comparison, condition, constant, result or step inside a function. Everything happens inside one
run of pytest that has collected the tests: first each test runs in a fork that notes which functions it enters and how
long it takes; then each mutant runs in a fork where the function's code is exchanged in place, so that whoever holds the
function holds the mutant, and is judged by the tests that enter the function, the quickest first. (Tools that rename or
wrap what they mutate do not get on with policies, which are found by the names of their functions.) Nothing is written to
the tree. Mutants come in an order that is the same on every run and mixed over the modules, so that a run which is cut
short is a fair sample.
"""

# ruff: noqa: C901, E501, PLR0912, S311 - one branch a way to break; a table's rows; an order, no secret
from __future__ import annotations

import argparse
import ast
import gc
import importlib
import os
import pickle
import random
import resource
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from types import CodeType, FrameType, FunctionType
from typing import cast

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import Phase
from hypothesis import settings as hypothesis_settings

ROOT = Path(__file__).resolve().parent.parent
_MOST_MEMORY = 4 << 30
_NOTICED = 1
_NOT_EXCHANGED = 3
_UNENTERED = " [no test enters the function]"
_PAGES = "tests/test_policies.py"
_TESTS: dict[str, tuple[str, ...]] = {
    "bot.policies": (_PAGES, "tests/test_damaged_strings.py", "tests/test_policy_edges.py", "tests/test_fields.py"),
    "bot.query": ("tests/query", "tests/oracle/test_soundness.py", _PAGES),
    "bot.diff": (
        "tests/test_diff.py",
        _PAGES,
        "tests/test_words.py",
        "tests/test_diff_command.py",
        "tests/test_collect.py",
        "tests/query/test_around.py",
    ),
    "bot.judge": (
        _PAGES,
        "tests/test_cli.py",
        "tests/test_config.py",
        "tests/test_render.py",
        "tests/test_action_config.py",
    ),
    "bot.waive": ("tests/test_waive.py", "tests/test_action_waivers.py"),
    "bot.github.plan": (
        "tests/test_plan.py",
        "tests/test_action_review.py",
        "tests/test_action_waivers.py",
        "tests/test_action_config.py",
    ),
}
"""Which tests should notice a mutant of a module, or of a package's modules."""
_LEFT_OUT = "not test_a_prover_that"  # these break the prover themselves
_SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}


_NAMES = {"any": "all", "all": "any", "min": "max", "max": "min"}


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One broken place: in which function of which module, at which line, and how; its code is made where it is tried."""

    module: str
    function: str
    line: int
    starts: int
    number: int
    way: str
    how: str

    def code(self) -> CodeType:
        """Compile the module with the one place broken."""
        path = Path(sys.modules[self.module].__file__ or "")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        function = next(each for each, name in _functions(tree) if name == self.function and each.lineno == self.starts)
        _break(function, list(_inside(function))[self.number], self.way)
        return compile(ast.fix_missing_locations(tree), str(path), "exec")

    @property
    def told(self) -> str:
        """Where it is and how it is broken, in one line."""
        return f"{self.module.replace('.', '/')}.py:{self.line} {self.function}: {self.how}"


def mutants(module: str) -> Iterator[Mutant]:
    """Break every function of a module in every way that is known here, one way at a time."""
    path = Path(sys.modules[module].__file__ or "")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for function, name in _functions(tree):
        for number, node in enumerate(_inside(function)):
            before = " ".join(ast.unparse(node).split())[:90] if isinstance(node, (ast.stmt, ast.expr)) else ""
            if isinstance(node, ast.comprehension):
                before = " ".join(ast.unparse(each) for each in node.ifs)[:90]
            for way in _ways(node):
                yield Mutant(
                    module=module,
                    function=name,
                    line=getattr(node, "lineno", function.lineno),
                    starts=function.lineno,
                    number=number,
                    way=way,
                    how=f"{way} in `{before}`",
                )


def _functions(tree: ast.Module) -> Iterator[tuple[ast.FunctionDef, str]]:
    """Functions of a module and of its classes; those inside belong to the one around them."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node, node.name
        elif isinstance(node, ast.ClassDef):
            yield from ((each, f"{node.name}.{each.name}") for each in node.body if isinstance(each, ast.FunctionDef))


def _inside(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """What runs when a function runs: no docstring, no annotation, no text that is only told."""
    skip = {
        id(node)
        for each in ast.walk(function)
        if isinstance(each, ast.JoinedStr)
        for node in each.values
        if isinstance(node, ast.Constant)
    }
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    pending: list[ast.AST] = list(body)
    while pending:
        node = pending.pop(0)
        if id(node) in skip:
            continue
        yield node
        children = [
            child
            for name, value in ast.iter_fields(node)
            if name not in {"annotation", "returns", "ctx"}
            for child in _nodes(value)
        ]
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
            children.remove(node.body[0])
        pending += children


def _nodes(value: object) -> list[ast.AST]:
    if isinstance(value, list):
        return [each for each in cast("list[object]", value) if isinstance(each, ast.AST)]
    return [value] if isinstance(value, ast.AST) else []


def _ways(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Compare):
        yield from (
            f"{type(op).__name__}→{_SWAPS[type(op)].__name__}#{place}"
            for place, op in enumerate(node.ops)
            if type(op) in _SWAPS
        )
    elif isinstance(node, (ast.BoolOp, ast.BinOp)) and type(node.op) in _SWAPS:
        yield f"{type(node.op).__name__}→{_SWAPS[type(node.op)].__name__}"
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "no not"
    elif isinstance(node, (ast.If, ast.IfExp)):
        yield "condition turned round"
    elif isinstance(node, ast.comprehension):
        yield from (f"condition {place} dropped" for place in range(len(node.ifs)))
    elif isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        yield "returns None"
    elif isinstance(node, ast.Expr) and isinstance(node.value, (ast.Yield, ast.YieldFrom, ast.Call)):
        yield "without"
    elif isinstance(node, ast.Continue):
        yield "continue→break"
    elif isinstance(node, ast.AugAssign) and type(node.op) in _SWAPS:
        yield f"{type(node.op).__name__}→{_SWAPS[type(node.op)].__name__}"
    elif isinstance(node, ast.Name) and node.id in _NAMES:
        yield f"{node.id}→{_NAMES[node.id]}"
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            yield f"{node.value}→{not node.value}"
        elif isinstance(node.value, int):
            yield f"{node.value}→{node.value + 1}"
        elif isinstance(node.value, str) and node.value:
            yield f"{node.value[:40]!r}→another text"


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _break(function: ast.FunctionDef, node: ast.AST, how: str) -> None:
    """Change a node in place."""
    if isinstance(node, ast.Compare):
        place = int(how.rpartition("#")[2])
        node.ops[place] = _SWAPS[type(node.ops[place])]()  # type: ignore[call-overload]  # an operator for an operator
    elif isinstance(node, (ast.BoolOp, ast.BinOp, ast.AugAssign)):
        node.op = _SWAPS[type(node.op)]()  # type: ignore[assignment]  # likewise
    elif isinstance(node, (ast.If, ast.IfExp)):
        node.test = ast.UnaryOp(op=ast.Not(), operand=node.test)
    elif isinstance(node, ast.comprehension):
        del node.ifs[int(how.split()[1])]
    elif isinstance(node, ast.Return):
        node.value = ast.Constant(value=None)
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            node.value = not node.value
        else:
            node.value = node.value + 1 if isinstance(node.value, int) else f"{node.value!s}~"
    elif isinstance(node, ast.UnaryOp):
        _Exchange(node, node.operand).visit(function)
    elif isinstance(node, ast.Expr):
        stop = ast.Pass()
        # a generator stays one without its only yield
        _Exchange(
            node, ast.If(test=ast.Constant(value=False), body=[node], orelse=[]) if _yields(node) else stop
        ).visit(function)
    elif isinstance(node, ast.Name):
        node.id = _NAMES[node.id]
    elif isinstance(node, ast.Continue):
        _Exchange(node, ast.Break()).visit(function)


def _yields(node: ast.Expr) -> bool:
    return isinstance(node.value, (ast.Yield, ast.YieldFrom))


class _Exchange(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, ast.copy_location(new, old)

    def visit(self, node: ast.AST) -> ast.AST:
        """Put the new node where the old one is."""
        return self.new if node is self.old else self.generic_visit(node)


@dataclass(frozen=True, slots=True)
class Noted:
    """What one test did to the modules: whether it passed, how long it took, which functions it entered."""

    passed: bool
    seconds: float
    entered: frozenset[tuple[str, str]]


@dataclass(kw_only=True)
class Trial:
    """A plugin that tries mutants where pytest would run the tests."""

    modules: list[str]
    seconds: float
    most: int
    only: frozenset[str]
    tests: tuple[str, ...]
    tried: Counter[str] = field(default_factory=Counter[str])
    left: Counter[str] = field(default_factory=Counter[str])

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """Let hypothesis look for a failure and not for the smallest one."""
        told = hypothesis_settings.default
        hypothesis_settings.register_profile("mutate", told, phases=(Phase.explicit, Phase.generate))
        hypothesis_settings.load_profile("mutate")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Note what the tests do, then try the mutants until the time is up."""
        gc.collect()
        gc.freeze()
        start = monotonic()
        every = [mutant for module in self.modules for mutant in mutants(module)]
        random.Random(0).shuffle(every)
        if self.only:
            every = [mutant for mutant in every if mutant.told in self.only]
        files = {sys.modules[module].__file__ or "": module for module in self.modules}
        noted = {item.nodeid: note(item, files) for item in session.items}
        for name, each in noted.items():
            if not each.passed:
                _say(f"left out, it fails without any mutant: {name}")
        items = [item for item in session.items if noted[item.nodeid].passed]
        _say(
            f"{len(every):,} mutants of {len(self.modules)} modules, {len(items):,} tests noted in {monotonic() - start:.0f} s"
        )
        start = monotonic()
        for number, mutant in enumerate(every[: self.most] if self.most else every, 1):
            if monotonic() - start > self.seconds:
                break
            place = (mutant.module, mutant.function)
            judges = [item for item in items if place in noted[item.nodeid].entered]
            judges = [item for item in judges if item.nodeid.startswith(self.tests or tests_of(mutant.module))]
            judges.sort(key=lambda item: _order(item, mutant.module, noted[item.nodeid].seconds))
            self.tried[mutant.module] += 1
            if survives(mutant, judges, seconds=5 + 3 * sum(noted[item.nodeid].seconds for item in judges)):
                self.left[mutant.module] += 1
                _say(f"survived {mutant.told}" + ("" if judges else _UNENTERED))
            if number % 100 == 0:
                _say(f"  ({number} in {monotonic() - start:.0f} s)")
        return True


def note(item: pytest.Item, files: dict[str, str]) -> Noted:
    """Run one test in a fork, where no cache is filled, and note what it enters."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _silence()
        entered: set[tuple[str, str]] = set()

        def enter(frame: FrameType, event: str, _arg: object) -> None:
            if event == "call" and (module := files.get(frame.f_code.co_filename)) is not None:
                entered.add((module, frame.f_code.co_qualname.partition(".<locals>")[0]))

        start = monotonic()
        sys.setprofile(enter)
        passed = _passes(item)
        sys.setprofile(None)
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(Noted(passed, monotonic() - start, frozenset(entered)), pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as end:
        told = end.read()
    os.waitpid(child, 0)
    found = pickle.loads(told) if told else None  # noqa: S301 - of our own fork
    return found if isinstance(found, Noted) else Noted(False, 0, frozenset())  # noqa: FBT003 - it did not pass


def _order(item: pytest.Item, module: str, seconds: float) -> tuple[bool, float]:
    """The tests of a policy's own page come before any others, then the quickest."""
    page = module.removeprefix("bot.policies.").replace("_", "-")
    claim = (
        item.callspec.params.get("claim") if isinstance(item, pytest.Function) and hasattr(item, "callspec") else None
    )
    return getattr(claim, "policy", page) != page, seconds


def _passes(item: pytest.Item) -> bool:
    return all(report.outcome != "failed" for report in runtestprotocol(item, log=False, nextitem=None))


def _silence() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def _say(line: str) -> None:
    print(line, flush=True)


def tests_of(module: str) -> tuple[str, ...]:
    """The tests that should notice a mutant of a module."""
    return next((tests for name, tests in _TESTS.items() if f"{module}.".startswith(f"{name}.")), ())


def survives(mutant: Mutant, judges: list[pytest.Item], *, seconds: float) -> bool:
    """Run tests against a mutant, in a fork; True where all of them pass in so many seconds of work."""
    child = os.fork()
    if child == 0:
        _silence()
        os._exit(_judged(mutant, judges, int(seconds)))
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code == _NOT_EXCHANGED:
        _say(f"not tried, nobody holds it: {mutant.told}")
    return code == 0


def _judged(mutant: Mutant, judges: list[pytest.Item], seconds: int) -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    signal.alarm(4 * seconds)
    if not _exchange(mutant):
        return _NOT_EXCHANGED
    return 0 if all(map(_passes, judges)) else _NOTICED


def _exchange(mutant: Mutant) -> bool:
    """Give the function that everybody holds the mutant's code."""
    found = {code.co_qualname: code for code in _codes(mutant.code())}
    gc.unfreeze()
    held = [
        each
        for each in gc.get_objects()
        if isinstance(each, FunctionType)
        and each.__module__ == mutant.module
        and each.__code__.co_qualname == mutant.function
    ]
    for each in held:
        each.__code__ = found[mutant.function]
    return bool(held)


def _codes(code: CodeType) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            yield from _codes(each)


def _modules(name: str) -> list[str]:
    """The modules of a package; a module is its own."""
    folder = ROOT / name.replace(".", "/")
    if not folder.is_dir():
        return [name]
    return [f"{name}.{path.stem}" for path in sorted(folder.glob("[a-z]*.py"))]


def _survivors(printed: Path) -> Iterator[str]:
    """What survived an earlier run."""
    for line in printed.read_text(encoding="utf-8").splitlines():
        if line.startswith("survived "):
            yield line.removeprefix("survived ").removesuffix(_UNENTERED)


def main() -> int:
    """Run, and print the survivors of each module and a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "modules",
        nargs="*",
        metavar="MODULE",
        help="a module, or a package for all of its own; by default all known here",
    )
    parser.add_argument("--seconds", type=float, default=1500, help="when to stop (default: 1500)")
    parser.add_argument("--most", type=int, default=0, help="how many mutants to try (default: all)")
    parser.add_argument("--again", type=Path, metavar="FILE", help="try only what survived a run that printed this")
    parser.add_argument("--tests", nargs="+", metavar="FILE", help="judge by these tests alone")
    given = parser.parse_args()
    os.nice(15)
    os.chdir(ROOT)
    modules = [module for name in given.modules or _TESTS for module in _modules(name)]
    for module in modules:
        importlib.import_module(module)
    only = frozenset(_survivors(given.again)) if given.again else frozenset[str]()
    trial = Trial(modules=modules, seconds=given.seconds, most=given.most, only=only, tests=tuple(given.tests or ()))
    known = dict.fromkeys(test for module in modules for test in tests_of(module) if (ROOT / test).exists())
    tests = given.tests or [*known]
    with tempfile.TemporaryDirectory() as folder:
        options = ["-q", "-q", "-s", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", _LEFT_OUT]
        pytest.main([*options, "--assert=plain", f"--basetemp={folder}/tests", *tests], plugins=[trial])
    tried, left = trial.tried, trial.left
    for module in sorted(tried):
        _say(
            f"{module:<44} {tried[module]:>5} tried {tried[module] - left[module]:>5} noticed {left[module]:>4} survived"
        )
    _say(f"{'all':<44} {tried.total():>5} tried {tried.total() - left.total():>5} noticed {left.total():>4} survived")
    return 0


if __name__ == "__main__":
    sys.exit(main())
