"""``python -m tools.mutate [--seconds S] MODULE…``: breaks a module in one place at a time, and lists what no test notices.

A mutant is one changed comparison, condition, constant, result or step inside a function. The tests that should notice
run in a fork of a process that has imported everything; there the function's code is exchanged in place, so that whoever
holds the function holds the mutant. (Tools that rename or wrap what they mutate do not get on with policies, which are
found by the names of their functions.) Nothing is written to the tree. Mutants come in an order that is the same on every
run and mixed over the modules, so that a run which is cut short is a fair sample.
"""

# ruff: noqa: C901, E501, S311 - one branch a way to break; a table's rows; an order, no secret
from __future__ import annotations

import argparse
import ast
import copy
import gc
import importlib
import io
import os
import random
import resource
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from types import CodeType, FunctionType

import pytest

from tests import test_policies as pages

ROOT = Path(__file__).resolve().parent.parent
_MOST_SECONDS = 60
_TESTS: dict[str, tuple[str, ...]] = {
    "bot.diff": (
        "tests/test_diff.py",
        "tests/test_policies.py",
        "tests/test_words.py",
        "tests/test_diff_command.py",
        "tests/test_collect.py",
    ),
    "bot.judge": (
        "tests/test_policies.py",
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


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One broken place: in which function of which module, at which line, and how."""

    module: str
    function: str
    line: int
    how: str
    code: CodeType


def mutants(module: str) -> Iterator[Mutant]:
    """Break every function of a module in every way that is known here, one way at a time."""
    path = Path(sys.modules[module].__file__ or "")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for function, name in _functions(tree):
        for number, node in enumerate(_inside(function)):
            for how in _ways(node):
                other = copy.deepcopy(tree)
                again = next(each for each, its in _functions(other) if its == name and each.lineno == function.lineno)
                broken = list(_inside(again))[number]
                before = ast.unparse(broken)
                _break(again, broken, how)
                after = how if how.startswith("without") else f"{how} in `{before[:90]}`"
                code = compile(ast.fix_missing_locations(other), str(path), "exec")
                yield Mutant(module=module, function=name, line=getattr(node, "lineno", 0), how=after, code=code)


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
        return [each for each in value if isinstance(each, ast.AST)]
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
        yield f"without `{ast.unparse(node)[:90]}`"
    elif isinstance(node, ast.Continue):
        yield "continue→break"
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
    elif isinstance(node, (ast.BoolOp, ast.BinOp)):
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


def tests_of(module: str) -> list[str]:
    """The files of tests that should notice a mutant, the quickest first; the manual's pages are tried before any."""
    return [file for file in _TESTS.get(module, ()) if (ROOT / file).is_file()]


def pages_hold(module: str) -> bool:
    """Tell whether the claims of the manual hold: a policy's own, or every page's for what all policies stand on."""
    if module not in {"bot.diff", "bot.judge"} and not module.startswith("bot.policies."):
        return True
    page = module.rpartition(".")[2].replace("_", "-") if module.startswith("bot.policies.") else None
    claims = [claim for claim in pages.CLAIMS if page in {None, claim.policy}]
    try:
        for claim in claims:
            pages.test_claim(claim)
            pages.test_a_fix_mends_and_breaks_nothing(claim)
    except Exception:  # noqa: BLE001 - whatever is raised, it was noticed
        return False
    return True


def survives(mutant: Mutant) -> bool:
    """Run the tests against a mutant, in a fork; True where all of them pass."""
    child = os.fork()
    if child == 0:
        os._exit(_judged(mutant))
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0


def _judged(mutant: Mutant) -> int:
    most = _MOST_SECONDS if tests_of(mutant.module) else _MOST_SECONDS // 6
    resource.setrlimit(resource.RLIMIT_CPU, (most, most))
    if not _exchange(mutant):
        return 3
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        if not pages_hold(mutant.module):
            return 1
        for file in tests_of(mutant.module):
            if (
                pytest.main(
                    [
                        "-x",
                        "-q",
                        "-p",
                        "no:cacheprovider",
                        "-p",
                        "no:xdist",
                        "-p",
                        "no:warnings",
                        "--assert=plain",
                        file,
                    ]
                )
                != 0
            ):
                return 1
    return 0


def _exchange(mutant: Mutant) -> bool:
    """Give the function that everybody holds the mutant's code."""
    found = {code.co_qualname: code for code in _codes(mutant.code)}
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


def main() -> int:
    """Run, and print the survivors of each module and a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "modules", nargs="*", metavar="MODULE", help="such as bot.diff; by default the policies and what decides"
    )
    parser.add_argument("--seconds", type=float, default=1500)
    given = parser.parse_args()
    os.nice(15)
    os.chdir(ROOT)
    policies = [f"bot.policies.{path.stem}" for path in sorted((ROOT / "bot" / "policies").glob("[a-z]*.py"))]
    modules = given.modules or [*policies, *_TESTS]
    for module in modules:
        importlib.import_module(module)
        for file in tests_of(module):
            importlib.import_module(file.removesuffix(".py").replace("/", "."))
    every = [mutant for module in modules for mutant in mutants(module)]
    random.Random(0).shuffle(every)
    print(f"{len(every):,} mutants of {len(modules)} modules", flush=True)
    end = monotonic() + given.seconds
    tried: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for mutant in every:
        if monotonic() > end:
            break
        tried[mutant.module] += 1
        if survives(mutant):
            left[mutant.module] += 1
            print(
                f"survived {mutant.module.replace('.', '/')}.py:{mutant.line} {mutant.function}: {mutant.how}",
                flush=True,
            )
    for module in sorted(tried):
        print(
            f"{module:<44} {tried[module]:>5} tried {tried[module] - left[module]:>5} noticed {left[module]:>4} survived"
        )
    print(f"{'all':<44} {tried.total():>5} tried {tried.total() - left.total():>5} noticed {left.total():>4} survived")
    return 0


if __name__ == "__main__":
    sys.exit(main())
