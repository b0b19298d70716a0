"""Random queries, and edits of them whose truth is known by construction."""

from __future__ import annotations

import ipaddress
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from .logic import GLOB_ANY, GLOB_STAR, is_glob

Label: TypeAlias = str
"""narrower, wider or same; empty where nothing is known."""

KEYWORDS = ("process.name", "process.executable", "host.os.type", "event.type", "file.path", "process.args")
NUMBERS = ("process.pid", "destination.port", "process.args_count")
ADDRESSES = ("source.ip", "destination.ip")
_WORDS = (
    "cmd.exe",
    "CMD.EXE",
    "cmd",
    "svc host.exe",
    "C:\\Windows\\System32\\cmd.exe",
    "C:\\Windows\\",
    "/opt/x",
    "/opt/",
    'he said "x"',
    "a(b)",
    "k:v",
    "not",
    "linux",
    "start",
    "-enc",
    "a*b",
    "what?",
    "ünï",
    "ab",
    "aB",
)
_BLOCKS = (
    "10.0.0.0/8",
    "10.1.0.0/16",
    "10.1.2.0/24",
    "10.1.2.3/32",
    "192.168.0.0/16",
    "192.168.128.0/17",
    "fe80::/10",
    "fe80::/16",
)


@dataclass(frozen=True, slots=True)
class Tree:
    """A condition.

    Attributes:
        op: and, or, not, or the kind of an atom: is, exists, missing, num, cmp, cidr, starts, ends, has, len.
        style: how an ``is`` is written in EQL and ES|QL: eq, in or like.
    """

    op: str
    parts: tuple[Tree, ...] = ()
    field: str = ""
    values: tuple[str, ...] = ()
    number: tuple[int, ...] = ()
    compare: str = ""
    fold: bool = False
    style: str = "like"

    @property
    def atomic(self) -> bool:
        """Whether nothing is below."""
        return self.op not in ("and", "or", "not")


def _word(rng: random.Random, language: str, *, glob: bool) -> str:
    if language == "esql" and rng.random() < 0.15:
        return rng.choice(("cmd", "CMD", "ab", "AB")) + (GLOB_STAR if glob else "")
    text = rng.choice(_WORDS) if rng.random() < 0.5 else "".join(rng.choices("aabB", k=rng.randint(1, 4)))
    if language == "eql":
        text = text.replace("*", "+") if glob else text
        text = text.replace("?", "!") if glob else text
    if glob:
        at = rng.randint(0, len(text))
        text = rng.choice(
            (text + GLOB_STAR, GLOB_STAR + text, text[:at] + GLOB_STAR + text[at:], GLOB_STAR + text + GLOB_STAR)
        )
        if language != "kuery" and rng.random() < 0.3:
            at = rng.randrange(len(text))
            text = text[:at] + GLOB_ANY + text[at + 1 :]
        if language == "kuery":
            text = text.replace(" ", "_").replace("not", "nut")
    return text


def _is(rng: random.Random, language: str) -> Tree:
    globs = rng.random() < 0.5
    count = rng.choice((1, 1, 2, 3, 4))
    values = tuple(dict.fromkeys(_word(rng, language, glob=globs and rng.random() < 0.8) for _ in range(count)))
    fold = language != "kuery" and rng.random() < 0.4
    style = "like" if globs else rng.choice(("eq", "in", "like") if len(values) == 1 else ("in", "like"))
    if language == "eql" and style == "like":
        values = tuple(dict.fromkeys(value.replace("*", "+").replace("?", "!") for value in values))
    return Tree("is", field=rng.choice(KEYWORDS), values=values, fold=fold, style=style)


def _bound(rng: random.Random) -> int:
    """A bound: small ones meet each other, and one of two digits is before them as text and after them as a number."""
    return rng.randint(0, 6) if rng.random() < 0.7 else rng.choice((10, 12, 40, 100))


def atom(rng: random.Random, language: str) -> Tree:  # noqa: PLR0911 - one branch a case
    """A random atom."""
    dice = rng.random()
    if dice < 0.55:
        return _is(rng, language)
    if dice < 0.65:
        return Tree(rng.choice(("exists", "missing")), field=rng.choice(KEYWORDS + NUMBERS + ADDRESSES))
    if dice < 0.72:
        numbers = tuple({rng.randint(0, 6) for _ in range(rng.choice((1, 1, 2, 3)))})
        return Tree("num", field=rng.choice(NUMBERS), number=numbers)
    if dice < 0.82:
        return Tree("cmp", field=rng.choice(NUMBERS), number=(_bound(rng),), compare=rng.choice(("<", "<=", ">", ">=")))
    if dice < 0.9:
        return Tree("cidr", field=rng.choice(ADDRESSES), values=tuple(rng.sample(_BLOCKS, rng.choice((1, 1, 2)))))
    if language == "kuery":
        return _is(rng, language)
    if dice < 0.97:
        text = rng.choice(("a", "b", "ab", "aB", "cmd", "C:\\", ".exe"))
        fold = language == "eql" and rng.random() < 0.4
        return Tree(rng.choice(("starts", "ends", "has")), field=rng.choice(KEYWORDS), values=(text,), fold=fold)
    return Tree(
        "len", field=rng.choice(KEYWORDS), number=(rng.randint(0, 5),), compare=rng.choice(("<", ">", ">=", "=="))
    )


def tree(rng: random.Random, language: str, depth: int = 3) -> Tree:
    """A random condition."""
    dice = rng.random()
    if depth == 0 or dice < 0.25:
        return atom(rng, language)
    if dice < 0.4:
        return Tree("not", (tree(rng, language, depth - 1),))
    op = "and" if dice < 0.75 else "or"
    return Tree(op, tuple(tree(rng, language, depth - 1) for _ in range(rng.choice((2, 2, 3)))))


# --- edits ------------------------------------------------------------------------------------------------------------

Edit: TypeAlias = "tuple[Tree, Label] | None"


def _grow(node: Tree, rng: random.Random, language: str) -> Edit:
    if node.op == "is":
        more = _word(rng, language, glob=node.style == "like" and rng.random() < 0.5)
        if language == "eql" and node.style == "like":
            more = more.replace("*", "+").replace("?", "!")
        return replace(node, values=(*node.values, more), style="in" if node.style == "eq" else node.style), "wider"
    if node.op == "num":
        return replace(node, number=(*node.number, rng.randint(0, 6))), "wider"
    if node.op == "cidr":
        return replace(node, values=(*node.values, rng.choice(_BLOCKS))), "wider"
    return None


def _shrink(node: Tree, rng: random.Random, _: str) -> Edit:
    if len(node.values) > 1:
        gone = rng.randrange(len(node.values))
        return replace(node, values=node.values[:gone] + node.values[gone + 1 :]), "narrower"
    if len(node.number) > 1:
        gone = rng.randrange(len(node.number))
        return replace(node, number=node.number[:gone] + node.number[gone + 1 :]), "narrower"
    return None


def _widen(node: Tree, rng: random.Random, language: str) -> Edit:  # noqa: PLR0911 - one branch a case
    """Widen a glob, a range or an address block."""
    if node.op == "is" and node.style == "like":
        place = rng.randrange(len(node.values))
        text = node.values[place]
        start = rng.randint(0, len(text))
        end = min(len(text), start + rng.choice((0, 0, 1, 2)))
        wide = text[:start] + GLOB_STAR + text[end:]
        if language != "kuery" and start < len(text) and text[start] != GLOB_STAR and rng.random() < 0.3:
            wide = text[:start] + GLOB_ANY + text[start + 1 :]
        if language == "kuery":
            wide = text[:start].replace(" ", "_") + GLOB_STAR + text[end:].replace(" ", "_")
            if " " in text or "not" in text:
                return None
        return replace(node, values=(*node.values[:place], wide, *node.values[place + 1 :])), "wider"
    if node.op == "cmp":
        step = rng.choice((1, 2))
        return replace(node, number=(node.number[0] + (step if node.compare[0] == "<" else -step),)), "wider"
    if node.op == "cidr":
        place = rng.randrange(len(node.values))
        block = ipaddress.ip_network(node.values[place])
        if block.prefixlen < 2:
            return None
        wide = str(block.supernet(prefixlen_diff=rng.choice((1, 2)) if block.prefixlen > 2 else 1))
        return replace(node, values=(*node.values[:place], wide, *node.values[place + 1 :])), "wider"
    if node.op in ("starts", "ends", "has") and len(node.values[0]) > 1:
        text = node.values[0]
        return replace(node, values=(text[1:] if node.op == "ends" else text[:-1],)), "wider"
    return None


def _soften(node: Tree, _: random.Random, language: str) -> Edit:
    """Compare without regard to case."""
    if language == "eql" and node.op in ("is", "starts", "ends", "has") and not node.fold:
        return replace(node, fold=True), "wider"
    return None


def _loosen(node: Tree, _: random.Random, language: str) -> Edit:
    """Write a prefix as a pattern."""
    text = node.values[0] if node.values else ""
    if node.op not in ("starts", "ends", "has") or (language == "esql" and node.fold):
        return None
    start, end = "" if node.op == "starts" else GLOB_STAR, "" if node.op == "ends" else GLOB_STAR
    return Tree("is", field=node.field, values=(start + text + end,), fold=node.fold, style="like"), "same"


def _split(node: Tree, rng: random.Random, _: str) -> Edit:
    if node.op not in ("is", "num", "cidr") or len(node.values) + len(node.number) < 2:
        return None
    at = rng.randint(1, len(node.values or node.number) - 1)
    halves = (
        (replace(node, values=node.values[:at]), replace(node, values=node.values[at:]))
        if node.values
        else (replace(node, number=node.number[:at]), replace(node, number=node.number[at:]))
    )
    return Tree("or", halves), "same"


def _and_in(node: Tree, rng: random.Random, language: str) -> Edit:
    extra = tree(rng, language, rng.choice((0, 0, 1)))
    parts = (*node.parts, extra) if node.op == "and" else (node, extra)
    return Tree("and", parts), "narrower"


def _except(node: Tree, rng: random.Random, language: str) -> Edit:
    extra = Tree("not", (tree(rng, language, rng.choice((0, 0, 1))),))
    parts = (*node.parts, extra) if node.op == "and" else (node, extra)
    return Tree("and", parts), "narrower"


def _or_in(node: Tree, rng: random.Random, language: str) -> Edit:
    extra = tree(rng, language, rng.choice((0, 0, 1)))
    parts = (*node.parts, extra) if node.op == "or" else (node, extra)
    return Tree("or", parts), "wider"


def _drop(node: Tree, rng: random.Random, _: str) -> Edit:
    if node.op not in ("and", "or") or len(node.parts) < 2:
        return None
    gone = rng.randrange(len(node.parts))
    parts = node.parts[:gone] + node.parts[gone + 1 :]
    return (parts[0] if len(parts) == 1 else replace(node, parts=parts)), "wider" if node.op == "and" else "narrower"


def _de_morgan(node: Tree, rng: random.Random, _: str) -> Edit:
    if node.op == "not" and node.parts[0].op in ("and", "or"):
        below = node.parts[0]
        return Tree("or" if below.op == "and" else "and", tuple(Tree("not", (part,)) for part in below.parts)), "same"
    if node.op in ("and", "or") and rng.random() < 0.5:
        turned = Tree("or" if node.op == "and" else "and", tuple(Tree("not", (part,)) for part in node.parts))
        return Tree("not", (turned,)), "same"
    return None


def _reorder(node: Tree, rng: random.Random, _: str) -> Edit:
    if len(node.parts) > 1:
        return replace(node, parts=tuple(rng.sample(node.parts, len(node.parts)))), "same"
    if len(node.values) > 1:
        return replace(node, values=tuple(rng.sample(node.values, len(node.values)))), "same"
    return None


def _twice(node: Tree, rng: random.Random, _: str) -> Edit:
    dice = rng.random()
    if dice < 0.4:
        return Tree("not", (Tree("not", (node,)),)), "same"
    return Tree("and" if dice < 0.7 else "or", (node, node)), "same"


def _absorb(node: Tree, rng: random.Random, language: str) -> Edit:
    other = atom(rng, language)
    if rng.random() < 0.5:
        return Tree("or", (node, Tree("and", (node, other)))), "same"
    return Tree("and", (node, Tree("or", (other, node)))), "same"


def _distribute(node: Tree, _: random.Random, __: str) -> Edit:
    if node.op not in ("and", "or") or len(node.parts) != 2:
        return None
    other = "or" if node.op == "and" else "and"
    first, second = node.parts
    if second.op != other:
        return None
    return Tree(other, tuple(Tree(node.op, (first, part)) for part in second.parts)), "same"


def _swap(node: Tree, rng: random.Random, language: str) -> Edit:
    return (atom(rng, language), "") if node.atomic else None


EDITS: tuple[Callable[[Tree, random.Random, str], Edit], ...] = (
    _grow,
    _shrink,
    _widen,
    _soften,
    _loosen,
    _split,
    _and_in,
    _except,
    _or_in,
    _drop,
    _de_morgan,
    _reorder,
    _twice,
    _absorb,
    _distribute,
    _swap,
)
_TURNED = {"narrower": "wider", "wider": "narrower", "same": "same", "": ""}


def joined(one: Label, other: Label) -> Label:
    """The label of two edits, one after the other."""
    if one == "same":
        return other
    return one if other in ("same", one) else ""


def _spots(node: Tree, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Tree]]:
    yield path, node
    for place, part in enumerate(node.parts):
        yield from _spots(part, (*path, place))


def _put(node: Tree, path: tuple[int, ...], new: Tree) -> Tree:
    if not path:
        return new
    parts = list(node.parts)
    parts[path[0]] = _put(parts[path[0]], path[1:], new)
    return replace(node, parts=tuple(parts))


def edit(rng: random.Random, root: Tree, language: str) -> tuple[Tree, Label]:
    """Edit a random place of a condition; the label takes the negations above into account."""
    for _ in range(20):
        path, spot = rng.choice(list(_spots(root)))
        made = rng.choice(EDITS)(spot, rng, language)
        if made is None:
            continue
        new, label = made
        node = root
        for step in path:
            if node.op == "not":
                label = _TURNED[label]
            node = node.parts[step]
        return _put(root, path, new), label
    return root, "same"


# --- writing ----------------------------------------------------------------------------------------------------------


class Writer:
    """Writes conditions in a language, its layout left to chance."""

    def __init__(self, rng: random.Random, language: str) -> None:
        """Keep the source of chance and the language."""
        self.rng = rng
        self.language = language

    def space(self) -> str:
        """White space, or a comment where the language has them."""
        dice = self.rng.random()
        if dice < 0.85:
            return " "
        if dice < 0.95 or self.language == "kuery":
            return self.rng.choice(("\n  ", "  ", "\t", " \n"))
        return self.rng.choice((" /* and (x or) */ ", " // not y\n "))

    def keyword(self, word: str) -> str:
        """A keyword, in any case where the language allows it."""
        return word.upper() if self.language != "eql" and self.rng.random() < 0.3 else word

    def condition(self, node: Tree, above: str = "") -> str:
        """Write a condition inside an operator."""
        rank = {"or": 0, "and": 1, "not": 2}
        if node.atomic:
            text = self.atom(node)
            return f"({text})" if self.rng.random() < 0.08 else text
        if node.op == "not":
            text = self.negated(node.parts[0])
        else:
            joint = f"{self.space()}{self.keyword(node.op)}{self.space()}"
            text = joint.join(self.condition(part, node.op) for part in node.parts)
        if (above and rank[node.op] < rank[above]) or (above == "not" and self.language == "kuery"):
            return f"({text})"
        return f"({text})" if self.rng.random() < 0.15 else text

    def negated(self, node: Tree) -> str:
        """Write a negation, as an operator of its own or inside the atom."""
        dice = self.rng.random()
        if self.language != "kuery" and dice < 0.6 and node.op in ("is", "num"):
            constants = self.constants(node)
            if node.op == "is" and node.style == "eq" and not node.fold:
                return f"{node.field} != {constants[0]}"
            if node.op == "num" and len(constants) == 1:
                return f"{node.field} != {constants[0]}"
            if (node.op == "num" or node.style == "in") and not (node.fold and self.language == "esql"):
                tilde = "~" if node.fold else ""
                return f"{node.field} {self.keyword('not')} {self.keyword('in')}{tilde} ({', '.join(constants)})"
            if self.language == "esql" and len(constants) == 1 and not node.fold:
                return f"{node.field} {self.keyword('not like')} {constants[0]}"
        if self.language == "esql" and node.op in ("exists", "missing") and dice < 0.5:
            return self.atom(replace(node, op="missing" if node.op == "exists" else "exists"))
        inner = self.condition(node, "not")
        return f"{self.keyword('not')} {inner}"

    def constants(self, node: Tree) -> list[str]:
        """The constants of an atom."""
        if node.number:
            return [str(number) for number in node.number]
        return [self.string(value, pattern=node.op == "is" and node.style == "like") for value in node.values]

    def string(self, text: str, *, pattern: bool) -> str:
        """Write a string."""
        if self.language == "kuery":
            return self.kuery_string(text)
        if self.language == "esql" and pattern:
            text = "".join("\\" + char if char in "\\*?" else char for char in text)
        text = text.replace(GLOB_STAR, "*").replace(GLOB_ANY, "?")
        if '"' not in text and self.rng.random() < 0.2:
            return f'"""{text}"""'
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def kuery_string(self, text: str) -> str:
        """Write a value of KQL: quoted where it is no pattern, most of the time."""
        safe = text == text.strip() and not re.search(r"\b(and|or|not)\b", text, re.IGNORECASE)
        if not is_glob(text) and (not safe or self.rng.random() < 0.6):
            return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        escaped = "".join("\\" + char if char in '\\():<>"*{}' else char for char in text)
        return escaped.replace(GLOB_STAR, "*")

    def atom(self, node: Tree) -> str:
        """Write an atom."""
        if self.language == "kuery":
            return self.kuery_atom(node)
        return self.eql_atom(node) if self.language == "eql" else self.esql_atom(node)

    def kuery_atom(self, node: Tree) -> str:
        """Write an atom of KQL."""
        colon = self.rng.choice((": ", ":", " : "))
        if node.op == "exists":
            return f"{node.field}{colon}*"
        if node.op == "missing":
            return f"({self.keyword('not')} {node.field}{colon}*)"
        if node.op == "cmp":
            return f"{node.field} {node.compare} {node.number[0]}"
        values = [f'"{v}"' for v in node.values] if node.op == "cidr" else self.constants(node)
        if len(values) == 1 and self.rng.random() < 0.9:
            return f"{node.field}{colon}{values[0]}"
        joint = f"{self.space()}{self.keyword('or')}{self.space()}"
        return f"{node.field}{colon}({joint.join(values)})"

    def eql_atom(self, node: Tree) -> str:  # noqa: PLR0911 - one branch a case
        """Write an atom of EQL."""
        values = self.constants(node)
        tilde = "~" if node.fold else ""
        if node.op in ("exists", "missing"):
            return f"{node.field} {'!=' if node.op == 'exists' else '=='} null"
        if node.op == "cmp":
            return f"{node.field} {node.compare} {node.number[0]}"
        if node.op == "len":
            return f"length({node.field}) {node.compare} {node.number[0]}"
        if node.op in ("starts", "ends", "has"):
            name = {"starts": "startsWith", "ends": "endsWith", "has": "stringContains"}[node.op]
            return f"{name}{tilde}({node.field}, {values[0]})"
        if node.op == "cidr":
            return f"cidrMatch({node.field}, {', '.join(values)})"
        if node.op == "num" or node.style in ("eq", "in"):
            if len(values) == 1 and not node.fold and (node.style != "in" or node.op == "num"):
                return f"{node.field} == {values[0]}"
            return f"{node.field} in{tilde} ({', '.join(values)})"
        word = self.rng.choice((":", "like~")) if node.fold else "like"
        return f"{node.field} {word} {values[0]}" if len(values) == 1 else f"{node.field} {word} ({', '.join(values)})"

    def esql_atom(self, node: Tree) -> str:  # noqa: PLR0911 - one branch a case
        """Write an atom of ES|QL."""
        field = node.field
        if node.fold and node.op == "is":
            field = f"{self.rng.choice(('TO_LOWER', 'to_lower'))}({field})"
            node = replace(node, values=tuple(value.lower() for value in node.values))
        values = self.constants(node)
        if node.op in ("exists", "missing"):
            return f"{field} {self.keyword('is not null' if node.op == 'exists' else 'is null')}"
        if node.op == "cmp":
            return f"{field} {node.compare} {node.number[0]}"
        if node.op == "len":
            return f"length({field}) {node.compare} {node.number[0]}"
        if node.op in ("starts", "ends"):
            return f"{node.op}_with({field}, {values[0]})"
        if node.op == "has":
            return f"{field} {self.keyword('like')} {self.string(GLOB_STAR + node.values[0] + GLOB_STAR, pattern=True)}"
        if node.op == "cidr":
            return f"{self.keyword('cidr_match')}({field}, {', '.join(values)})"
        if node.op == "num" or node.style in ("eq", "in"):
            if len(values) == 1 and (node.style == "eq" or node.op == "num"):
                return f"{field} == {values[0]}"
            return f"{field} {self.keyword('in')} ({', '.join(values)})"
        return f"{field} {self.keyword('like')} " + (values[0] if len(values) == 1 else f"({', '.join(values)})")


# --- sequences --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Term:
    """A step of a sequence."""

    category: str
    condition: Tree
    runs: int = 1
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Steps:
    """A sequence."""

    terms: tuple[Term, ...]
    keys: tuple[str, ...] = ()
    span: int | None = None
    until: Term | None = None

    @property
    def plain(self) -> bool:
        """Whether it has no missing events."""
        return not any(term.missing for term in self.terms)


_KEYS = ("host.id", "user.name", "process.entity_id")
_SPANS = (1, 2, 5, 10, 60)


def _term(rng: random.Random) -> Term:
    return Term(rng.choice(("process", "file", "any", "network")), tree(rng, "eql", rng.choice((0, 1, 1, 2))))


def sequence(rng: random.Random) -> Steps:
    """A random sequence."""
    terms = [_term(rng) for _ in range(rng.choice((2, 2, 3)))]
    if rng.random() < 0.2:
        place = rng.randrange(len(terms))
        terms[place] = replace(terms[place], runs=rng.choice((2, 3)))
    span = rng.choice((None, *_SPANS))
    if rng.random() < 0.2 and span is not None:
        terms.insert(rng.randint(0, len(terms)), replace(_term(rng), missing=True))
    keys = tuple(sorted(rng.sample(_KEYS, rng.choice((0, 1, 1, 2)))))
    return Steps(tuple(terms), keys, span, _term(rng) if rng.random() < 0.25 else None)


def edit_sequence(rng: random.Random, old: Steps) -> tuple[Steps, Label]:  # noqa: C901, PLR0911 - one branch a case
    """Edit a sequence."""
    dice = rng.random()
    if dice < 0.4:
        place = rng.randrange(len(old.terms))
        term = old.terms[place]
        new, label = edit(rng, term.condition, "eql")
        terms = (*old.terms[:place], replace(term, condition=new), *old.terms[place + 1 :])
        if term.missing:
            label = _TURNED[label]
        return replace(old, terms=terms), label if old.plain or label == "same" else ""
    if dice < 0.55:
        if old.span is None:
            return replace(old, span=rng.choice(_SPANS)), "narrower"
        other = rng.choice(_SPANS)
        label = "same" if other == old.span else "narrower" if other < old.span else "wider"
        return replace(old, span=other), label if old.plain or label == "same" else ""
    if dice < 0.7:
        if old.until is None:
            return replace(old, until=_term(rng)), "narrower"
        new, label = edit(rng, old.until.condition, "eql")
        if rng.random() < 0.3:
            return replace(old, until=None), "wider"
        return replace(old, until=replace(old.until, condition=new)), _TURNED[label]
    if dice < 0.8:
        free = [key for key in _KEYS if key not in old.keys]
        if free:
            label = "narrower" if old.plain and old.until is None else ""
            return replace(old, keys=(*old.keys, rng.choice(free))), label
    if dice < 0.9:
        place = rng.randint(0, len(old.terms))
        terms = (*old.terms[:place], _term(rng), *old.terms[place:])
        return replace(old, terms=terms), "narrower" if old.plain else ""
    place = rng.randrange(len(old.terms))
    term = old.terms[place]
    if term.missing:
        return old, "same"
    terms = (*old.terms[:place], replace(term, runs=term.runs + 1), *old.terms[place + 1 :])
    return replace(old, terms=terms), "narrower" if old.plain else ""


def write_sequence(writer: Writer, query: Steps) -> str:
    """Write a sequence."""

    def term(one: Term) -> str:
        bracket = "![" if one.missing else "["
        runs = f" with runs={one.runs}" if one.runs > 1 else ""
        return f"{bracket}{one.category} where {writer.condition(one.condition)}]{runs}"

    head = "sequence"
    if query.keys:
        head += " by " + ", ".join(query.keys)
    if query.span is not None:
        head += f" with maxspan={query.span}s" if writer.rng.random() < 0.8 else f" with maxspan={query.span * 1000}ms"
    lines = [head, *("  " + term(one) for one in query.terms)]
    if query.until is not None:
        lines.append("until " + term(query.until))
    return "\n".join(lines)


# --- pipelines --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pipeline:
    """An ES|QL query.

    Attributes:
        alias: a column that stands for a field, and the patterns that it has to match one of.
        folded: whether the alias is the lower-case form of the field.
        aggregate: the aggregation that is compared with a bound, None for a query of events.
    """

    where: Tree
    alias: tuple[str, str, tuple[str, ...]] | None = None
    split: bool = False
    keep: tuple[str, ...] = ()
    aggregate: tuple[str, str, int] | None = None
    group: tuple[str, ...] = ()
    limit: int | None = None
    sort: str | None = None
    column: str = "Esql.count"
    folded: bool = True


def pipeline(rng: random.Random) -> Pipeline:
    """A random pipeline."""
    alias = None
    if rng.random() < 0.35:
        patterns = tuple(_word(rng, "esql", glob=True).lower() for _ in range(rng.choice((1, 2))))
        alias = (rng.choice(("low", "Esql.low")), rng.choice(KEYWORDS), patterns)
    aggregate = None
    group: tuple[str, ...] = ()
    if rng.random() < 0.35:
        function = rng.choice(
            (
                "count(*)",
                "count(*)",
                "count_distinct(user.name)",
                "max(process.pid)",
                "min(process.pid)",
                "sum(process.pid)",
                "count(user.name)",
            )
        )
        aggregate = (function, rng.choice((">", ">=", ">=", "<", "==")), rng.choice((1, 1, 2, 3)))
        group = tuple(rng.sample(("host.id", "user.id"), rng.choice((0, 1, 1, 2))))
    return Pipeline(
        tree(rng, "esql"),
        alias,
        split=rng.random() < 0.5,
        keep=tuple(rng.sample(KEYWORDS, 2)) if rng.random() < 0.5 else (),
        aggregate=aggregate,
        group=group,
        limit=rng.choice((None,) * 8 + (1, 2, 10)),
        sort=rng.choice((None, None, "process.pid", "process.pid desc")),
    )


def _monotone(query: Pipeline) -> bool:
    """Whether fewer events can only mean fewer rows."""
    if query.limit is not None:
        return False
    if query.aggregate is None:
        return True
    function, compare, bound = query.aggregate
    rising = function.startswith(("count", "max")) and compare in (">", ">=")
    return rising and (bool(query.group) or bound > 0)


_SMALLER = {"count(*)": "count(user.name)", "count(user.name)": "count_distinct(user.name)"}
"""What is never more than the key, for the same events."""


def _regroup(rng: random.Random, old: Pipeline) -> tuple[Pipeline, Label] | None:
    """Edit the aggregation or the columns under it."""
    if old.alias is not None and rng.random() < 0.5:
        label = "narrower" if old.folded else "wider"
        return replace(old, folded=not old.folded), label if _monotone(old) else ""
    if old.aggregate is None:
        return None
    function, compare, bound = old.aggregate
    if rng.random() < 0.5 and function in _SMALLER:
        rising = compare in (">", ">=") and old.limit is None
        return replace(old, aggregate=(_SMALLER[function], compare, bound)), "narrower" if rising else ""
    if rng.random() < 0.4:
        other = {"max(process.pid)": "min(process.pid)"}.get(function, "max(process.pid)")
        return replace(old, aggregate=(other, compare, bound)), ""
    return replace(old, group=() if old.group else ("host.id",)), ""


def edit_pipeline(rng: random.Random, old: Pipeline) -> tuple[Pipeline, Label]:  # noqa: PLR0911 - one branch a case
    """Edit a pipeline."""
    dice = rng.random()
    if dice < 0.12:
        made = _regroup(rng, old)
        if made is not None:
            return made
    if dice < 0.6:
        new, label = edit(rng, old.where, "esql")
        return replace(old, where=new), label if _monotone(old) or label == "same" else ""
    if dice < 0.64:
        return replace(old, split=not old.split), "same"
    if dice < 0.68:
        return replace(old, keep=tuple(rng.sample(KEYWORDS, 3)) if rng.random() < 0.7 else ()), "same"
    if dice < 0.72 and old.alias is not None:
        return replace(old, alias=("renamed", *old.alias[1:])), "same"
    if dice < 0.76 and old.aggregate is not None:
        return replace(old, column="other"), "same"
    if dice < 0.94 and old.aggregate is not None:
        function, compare, bound = old.aggregate
        label = "narrower" if compare in (">", ">=") else "wider" if compare == "<" else ""
        return replace(old, aggregate=(function, compare, bound + 1)), label if old.limit is None else ""
    if dice < 0.97:
        more = rng.choice((1, 2, 10))
        return replace(old, limit=more), "narrower" if old.limit is None else ""
    other = rng.choice(("process.pid", "process.pid desc", None))
    return replace(old, sort=other), "same" if old.limit is None else ""


def write_pipeline(writer: Writer, query: Pipeline) -> str:
    """Write a pipeline."""
    lines = ["from logs-*"]
    parts = query.where.parts if query.where.op == "and" and query.split else (query.where,)
    lines += [f"{writer.keyword('where')} {writer.condition(part)}" for part in parts]
    needed: list[str] = []
    if query.alias is not None:
        name, source, patterns = query.alias
        lines.append(f"{writer.keyword('eval')} {name} = " + (f"to_lower({source})" if query.folded else source))
        likes = [f"{name} like {writer.string(pattern, pattern=True)}" for pattern in patterns]
        lines.append(f"where {' or '.join(likes)}")
    if query.sort is not None and query.aggregate is None:
        lines.append(f"sort {query.sort}")
    if query.aggregate is not None:
        function, compare, bound = query.aggregate
        inner = re.search(r"\(([\w.]+)\)", function)
        needed = [*query.group, *([inner[1]] if inner else [])]
        if query.keep:
            lines.append("keep " + ", ".join(dict.fromkeys((*query.keep, *needed))))
        by = f" by {', '.join(query.group)}" if query.group else ""
        lines.append(f"{writer.keyword('stats')} {query.column} = {function}{by}")
        lines.append(f"where {query.column} {compare} {bound}")
        if query.sort is not None:
            lines.append(f"sort {query.column}")
    elif query.keep:
        lines.append("keep " + ", ".join(query.keep))
    if query.limit is not None:
        lines.append(f"limit {query.limit}")
    return "\n| ".join(lines)


# --- pairs ------------------------------------------------------------------------------------------------------------


def _pair(rng: random.Random, name: str) -> tuple[str, str, Label]:
    language = name.split(maxsplit=1)[0]
    one, two = Writer(rng, language), Writer(rng, language)
    times = rng.choice((0, 1, 1, 1, 1, 2, 3))
    label: Label = "same"
    if name == "eql sequence":
        before = after = sequence(rng)
        for _ in range(times):
            after, step = edit_sequence(rng, after)
            label = joined(label, step)
        return write_sequence(one, before), write_sequence(two, after), label
    if name == "esql":
        start = end = pipeline(rng)
        for _ in range(times):
            end, step = edit_pipeline(rng, end)
            label = joined(label, step)
        return write_pipeline(one, start), write_pipeline(two, end), label
    old = new = tree(rng, language)
    for _ in range(times):
        new, step = edit(rng, new, language)
        label = joined(label, step)
    head = f"{rng.choice(('process', 'any', 'file'))} where " if language == "eql" else ""
    return head + one.condition(old), head + two.condition(new), label


def pairs(count: int, seed: int, names: Sequence[str]) -> Iterator[tuple[str, str, str, Label]]:
    """Pairs of queries with their label, an equal share for each name."""
    for number in range(count):
        name = names[number % len(names)]
        rng = random.Random(f"{seed}/{number}")
        old, new, label = _pair(rng, name)
        if rng.random() < 0.5:
            old, new, label = new, old, _TURNED[label]
        yield name, old, new, label
