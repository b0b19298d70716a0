"""ES|QL pipelines: columns put in place of their names, filters between the commands that change rows, one comparison.

What a pipeline matches are the rows it gives: events, or groups after STATS. Two pipelines are compared filter by
filter where the commands between the filters are the same; a narrower input stays narrower through a command only if
that command and every later filter let it.
"""

# ruff: noqa: FBT001, FBT003 - the booleans here are truth values and tests, not switches
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as replace_in

from bot.query import columns, glob, groups, index
from bot.query.esql import Columns, Command, Eval, Expand, Extract, Limit, Other, Rename, Sort, Source, Stats, Where
from bot.query.esql_formula import formula
from bot.query.explain import explain
from bot.query.formula import And, Atom, Constant, Exists, Formula, Not, Or, Range, conjunction
from bot.query.meter import ExhaustedError, Meter
from bot.query.prove import relate
from bot.query.shrink import shrink
from bot.query.term import Call, Name, Term, Value, counts, names, replace, show, size
from bot.query.text import UnsupportedError
from bot.query.truth import Reading
from bot.query.witness import Event
from bot.query.wording import Style, named, show_term
from bot.query.wording import show as show_formula
from bot.told import marked

SAME_FILTERS = "the filters are the same; only columns changed"
SAME_COLUMNS = "the filters are the same, and so are the columns that are left"
_LARGEST = 20_000
_NAMED = 6
_SHOWN = 120
_SEVERAL = Call("several meanings", ())
_ROWWISE = frozenset({"mv_expand", "enrich", "lookup"})
_GROWING = frozenset({"count", "count_distinct", "max", "count_distinct_over_time"})
_AGGREGATES = frozenset(
    {"count", "count_distinct", "max", "min", "sum", "avg", "median", "values", "top", "percentile", "first", "last",
     "std_dev", "variance", "weighted_avg", "median_absolute_deviation", "absent", "present", "sample"}
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Barrier:
    """A command that changes rows.

    Attributes:
        kind: stats, limit, mv_expand, or the command's own name.
        text: equal for equal commands.
        shown: for the explanation.
        stable: the keys of the groups, as text.
        keys: the keys themselves.
        count: of a limit.
    """

    kind: str
    text: str
    shown: str
    stable: frozenset[str] = frozenset()
    keys: tuple[Term, ...] = ()
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spine:
    """A pipeline without its names: filters, and the commands between them.

    Attributes:
        filters: one more than there are barriers.
        columns: what the last KEEP names; empty where there is none after the last STATS.
        meaning: what the columns at the end are made of.
        surface: the filters as they are written, with the names of columns.
        known: what the columns mean where each of the filters ends.
        used: the columns and fields that each of the filters names, with what they mean there.
        defined: what the columns are made of, as it is written.
        metadata: what METADATA asks for.
        lost: what METADATA asks for and the last KEEP drops.
    """

    sources: tuple[str, ...]
    filters: tuple[Formula, ...]
    barriers: tuple[Barrier, ...]
    columns: tuple[str, ...]
    meaning: Mapping[str, Term]
    surface: tuple[Formula, ...]
    known: tuple[Mapping[str, Term], ...]
    used: tuple[Mapping[str, Term | None], ...]
    defined: Mapping[str, Term]
    metadata: tuple[str, ...]
    lost: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What is proven between the rows of two pipelines; a witness is one event, or the events of one group."""

    narrower: bool = False
    wider: bool = False
    lost: Event | tuple[Event, ...] | None = None
    gained: Event | tuple[Event, ...] | None = None
    blocked: str = ""


def spine(commands: Sequence[Command]) -> Spine:
    """Put every column's meaning in its place and cut the pipeline at the commands that change rows."""
    return _Builder(commands).run()


class _Builder:
    def __init__(self, commands: Sequence[Command]) -> None:
        self.commands = commands
        self.meaning: dict[str, Term] = {}
        self.filters: list[list[Formula]] = [[]]
        self.surface: list[list[Formula]] = [[]]
        self.known: list[dict[str, Term]] = []
        self.used: list[dict[str, Term | None]] = [{}]
        self.defined: dict[str, Term] = {}
        self.barriers: list[Barrier] = []
        self.order: tuple[str, ...] = ()
        self.columns: tuple[str, ...] = ()
        self.level = 0
        self.kept: list[tuple[bool, tuple[str, ...]]] = []
        self.made: dict[str, int] = {}

    def run(self) -> Spine:
        """Walk the commands."""
        source = self.commands[0]
        assert isinstance(source, Source)  # noqa: S101 - the parser lets nothing else begin
        for command in self.commands[1:]:
            self.step(command)
        return Spine(
            sources=tuple(source.patterns)
            if any(map(index.excluding, source.patterns))
            else tuple(sorted(set(source.patterns))),
            filters=tuple(conjunction(parts) for parts in self.filters),
            barriers=tuple(self.barriers),
            columns=self.columns,
            meaning=self.meaning,
            surface=tuple(conjunction(parts) for parts in self.surface),
            known=(*self.known, self.meaning),
            used=tuple(self.used),
            defined=self.defined,
            metadata=tuple(dict.fromkeys(source.metadata)),
            lost=tuple(name for name in source.metadata if self.columns and not _matched(name, self.columns)),
        )

    def step(self, command: Command) -> None:  # noqa: C901, PLR0912 - one branch a command
        """Take one command."""
        if isinstance(command, Where):
            self.filters[-1].append(formula(self.mean(command.condition)))
            self.surface[-1].append(formula(_counting(command.condition)))
            for name in names(command.condition):
                meaning = self.meaning.get(name)
                self.used[-1][name] = meaning if self.used[-1].get(name, meaning) == meaning else _SEVERAL
        elif isinstance(command, Eval):
            for name, value in command.columns:
                self.meaning[name] = self.mean(value)
                self.made[name] = len(self.kept)
                self.defined[name] = _counting(value)
        elif isinstance(command, Rename):
            moved = [(new, self.mean(Name(old))) for old, new in command.columns]
            for old, _ in command.columns:
                self.meaning[old] = Call("null", (Name(f"{old}@{self.level}"),))
            self.meaning.update(moved)
            self.made.update((new, len(self.kept)) for new, _ in moved)
        elif isinstance(command, Columns):
            self.columns = command.patterns if command.keep else self.columns
            self.kept.append((command.keep, command.patterns))
        elif isinstance(command, Extract):
            source = self.mean(command.input)
            names_in_order = list(dict.fromkeys(extracted(command)))
            pattern = _nameless(command.pattern, names_in_order)
            for number, name in enumerate(names_in_order):
                self.meaning[name] = Call(command.how, (source, Value(pattern), Value(number)))
                self.made[name] = len(self.kept)
        elif isinstance(command, Sort):
            self.order = tuple(f"{show(self.mean(key))} {order}" for key, order in command.keys) + self.order
        elif isinstance(command, Limit):
            self.barrier(
                Barrier(kind="limit", text=" ".join(self.order), shown=f"limit {command.count}", count=command.count)
            )
        elif isinstance(command, Stats):
            self.stats(command)
        elif isinstance(command, Expand):
            value = self.mean(Name(command.column))
            self.barrier(Barrier(kind="mv_expand", text=show(value), shown=f"mv_expand {command.column}"))
            self.meaning[command.column] = Call(f"expanded{self.level}", (value,))
        else:
            self.other(command)

    def other(self, command: Command) -> None:
        """A command whose columns are unknown: every later name means something new."""
        if not isinstance(command, Other) or command.name in {
            "fork",
            "fuse",
            "completion",
            "rerank",
            "sample",
            "change_point",
        }:
            raise UnsupportedError(f"the command {getattr(command, 'name', '?')}")
        known = sorted(f"{name}={show(value)}" for name, value in self.meaning.items() if name in command.text)
        self.barrier(Barrier(kind=command.name, text=f"{command.text} {known}", shown=f"{command.name} {command.text}"))
        self.level += 1
        self.kept = []
        # what the command adds has a name like any other, and may hide a field that a column was made of
        for name in list(self.meaning):
            self.meaning[name] = Call(f"after{self.level}", (self.meaning[name],))

    def mean(self, term: Term) -> Term:
        """A term with the meanings of its columns."""
        self.check(term)
        if self.meaning:
            self.weigh(term)
            term = replace(term, self.meaning)
        return _counting(term)

    def check(self, term: Term) -> None:
        """Refuse a column that KEEP, DROP or STATS took away: the engine would refuse the query."""
        for name in names(term) if self.kept else ():
            for keep, patterns in self.kept[self.made.get(name, 0) :]:
                if name != "*" and keep is not _matched(name, patterns):
                    raise UnsupportedError(f"the column {name}, which is dropped before,")

    def weigh(self, term: Term) -> None:
        """Give up on columns that are made of each other again and again."""
        count, stack = 0, [term]
        while stack and count <= _LARGEST:
            node = stack.pop()
            count += 1
            if isinstance(node, Name) and node.name in self.meaning:
                count += size(self.meaning[node.name])
            elif isinstance(node, Call):
                stack.extend(node.args)
        if count > _LARGEST:
            raise ExhaustedError

    def barrier(self, barrier: Barrier) -> None:
        """Start a new filter."""
        self.barriers.append(barrier)
        self.filters.append([])
        self.surface.append([])
        self.known.append(dict(self.meaning))
        self.used.append({})

    def stats(self, command: Stats) -> None:
        """Groups: later names mean aggregates, or the values that the groups share."""
        self.defined.update(
            (name, _counting(value)) for name, value in (*command.by, *command.columns) if value != Name(name)
        )
        by = [(name, self.mean(value)) for name, value in command.by]
        columns = [(name, self.mean(value)) for name, value in command.columns]
        keys = sorted({show(value) for _, value in by})
        kind = "inline stats" if command.inline else "stats"
        text = ", ".join(keys)
        if command.inline:
            text += " | " + ", ".join(sorted(f"{name}={show(value)}" for name, value in columns))
        shown = "group by " + (", ".join(name for name, _ in command.by) or "nothing")
        self.barrier(
            Barrier(kind=kind, text=text, shown=shown, stable=frozenset(keys), keys=tuple(value for _, value in by))
        )
        self.level += 1
        kept = dict(self.meaning) if command.inline else {}
        kept.update((name, Call(f"of{self.level}", (value,))) for name, value in columns)
        kept.update(by)
        self.meaning = kept
        self.made.update((name, len(self.kept)) for name, _ in (*command.by, *command.columns))
        if not command.inline:
            self.order = ()
            self.columns = ()
            self.kept = [(True, tuple(name for name, _ in (*command.by, *command.columns)))]
            self.made = {}


def _matched(name: str, patterns: Iterable[str]) -> bool:
    return any(glob.matches(glob.from_wildcards(pattern), name) for pattern in patterns)


def _counting(term: Term) -> Term:
    """``count()`` is ``count(*)``."""
    if isinstance(term, Call):
        args = tuple([_counting(arg) for arg in term.args])
        if term.name == "count" and not args:
            args = (Name("*"),)
        return Call(term.name, args)
    return term


def _nameless(pattern: str, columns: Sequence[str]) -> str:
    """A pattern with numbers in place of the columns' names, so that a new name is no new meaning."""
    for number, name in sorted(enumerate(columns), key=lambda item: -len(item[1])):
        pattern = re.sub(rf"(?<=[{{<:+?&*]){re.escape(name)}(?=[}}>:/-])", f"\x00{number}\x00", pattern)
    return pattern


def extracted(command: Extract) -> Iterator[str]:
    """The columns that a pattern of DISSECT or GROK makes."""
    if command.how == "dissect":
        for key in re.findall(r"%\{([^}]*)\}", command.pattern):
            name = key.removesuffix("->").lstrip("+?&*").split("/")[0]
            if name:
                yield name
    else:
        yield from re.findall(r"%\{\w+:([^}:]+)", command.pattern)
        yield from re.findall(r"\(\?<([^>=!][^>]*)>", command.pattern)


# comparison


def compare(old: Spine, new: Spine, meter: Meter) -> Rows:
    """Prove what can be proven about the rows of two pipelines."""
    if [barrier.kind for barrier in old.barriers] != [barrier.kind for barrier in new.barriers]:
        return Rows(blocked="the commands that change rows are others")
    relations = [
        relate(one, two, Reading.KLEENE, meter, witnesses=not old.barriers)
        for one, two in zip(old.filters, new.filters, strict=True)
    ]
    equal = [relation.narrower and relation.wider for relation in relations]
    narrower, why_not = _carried(old, new, [relation.narrower for relation in relations], equal)
    wider, why_not_wider = _carried(new, old, [relation.wider for relation in relations], equal)
    sources = index.within(new.sources, old.sources), index.within(old.sources, new.sources)
    one, two = old.filters[0], new.filters[0]
    lost: Event | tuple[Event, ...] | None = None
    gained: Event | tuple[Event, ...] | None = None
    if not old.barriers:
        first = relations[0]
        lost = shrink(first.lost, one, two, Reading.KLEENE, meter) if first.lost else first.lost
        gained = shrink(first.gained, two, one, Reading.KLEENE, meter) if first.gained else first.gained
    else:
        before, after = _stage(old), _stage(new)
        lost = groups.witness(before, after, meter) if before and after and not wider else None
        gained = groups.witness(after, before, meter) if before and after and not narrower else None
    common = sources[0] or sources[1]
    blocked = why_not or why_not_wider or next((relation.blocked for relation in relations if relation.blocked), "")
    if not (narrower or wider) and not common:
        blocked = "the index patterns changed"
    return Rows(
        narrower=narrower and sources[0],
        wider=wider and sources[1],
        lost=lost if common else None,
        gained=gained if common else None,
        blocked=blocked if common else "the index patterns changed",
    )


def _stage(pipeline: Spine) -> groups.Stage | None:
    """The pipeline as one aggregation, None where it is something else."""
    kinds = [barrier.kind for barrier in pipeline.barriers]
    if (
        kinds[:1] != ["stats"]
        or any(kind != "limit" for kind in kinds[1:])
        or 0 in {barrier.count for barrier in pipeline.barriers[1:]}
    ):
        return None
    return groups.Stage(
        before=pipeline.filters[0], keys=pipeline.barriers[0].keys, after=conjunction(pipeline.filters[1:])
    )


def _carried(outer: Spine, inner: Spine, contained: Sequence[bool], equal: Sequence[bool]) -> tuple[bool, str]:  # noqa: C901, PLR0911 - one branch a case
    """Follow containment of rows down the two pipelines; the reason where it is lost."""
    if not contained[0]:
        return False, ""
    same = equal[0] and outer.sources == inner.sources
    stable: frozenset[str] = frozenset()
    grouped = False
    for number, (one, two) in enumerate(zip(outer.barriers, inner.barriers, strict=True)):
        if one.text != two.text:
            if one.kind == "stats":
                return False, "the groups of STATS changed"
            return False, f"the command {one.kind} changed" if one.kind != "limit" else "the order before LIMIT changed"
        if one.kind == "limit":
            if not same:
                return False, "which rows are left after LIMIT is not known"
            if two.count > one.count:
                return False, ""
            same = one.count == two.count
        elif one.kind == "stats":
            stable = one.stable
            if grouped and not same:
                return False, "a second STATS over groups that changed"
            grouped = True
        elif one.kind not in _ROWWISE and not same:
            return False, f"what {one.kind.upper()} makes of other rows is not known"
        outer_filter, inner_filter = outer.filters[number + 1], inner.filters[number + 1]
        if not contained[number + 1]:
            return False, ""
        if (
            grouped
            and not same
            and not (_monotone(outer_filter, True, stable) or _monotone(inner_filter, True, stable))
        ):
            shown = " and by ".join(dict.fromkeys(_against(inner_filter, True, stable)))
            return False, f"fewer events may let more groups through, by {shown}"
        same = same and equal[number + 1]
    return True, ""


def _monotone(part: Formula, positive: bool, stable: frozenset[str]) -> bool:  # noqa: PLR0911 - one branch a case
    """Tell whether a filter that a group passes still lets it pass when the group gains events."""
    if isinstance(part, Constant):
        return True
    if isinstance(part, Not):
        return _monotone(part.part, not positive, stable)
    if isinstance(part, Or) and positive:
        several = {_aggregated(inner, "count_distinct") for inner in part.parts if _at_least_two(inner)}
        return all(
            (isinstance(inner, Atom) and _aggregated(inner, "values") in several and not isinstance(inner.test, Exists))
            or _monotone(inner, positive, stable)
            for inner in part.parts
        )
    if isinstance(part, And | Or):
        return all(_monotone(inner, positive, stable) for inner in part.parts)
    if part.subject in stable or (part.term is not None and not _aggregates(part.term) and _inside(part.term, stable)):
        return True
    if not isinstance(part.test, Range) or part.term is None:
        return False
    term = part.term
    if not (isinstance(term, Call) and term.name.startswith("of") and len(term.args) == 1):
        return False
    inner = term.args[0]
    if isinstance(inner, Call) and inner.name == "where":
        inner = inner.args[0]
    if not isinstance(inner, Call) or any(_aggregates(arg) for arg in inner.args):
        return False
    grows, shrinks = inner.name in _GROWING, inner.name == "min"
    low_only = part.test.high is None
    high_only = part.test.low is None
    return (grows and (low_only if positive else high_only)) or (shrinks and (high_only if positive else low_only))


def _against(part: Formula, positive: bool, stable: frozenset[str]) -> Iterator[str]:
    """The tests, as text, for which a filter is not monotone."""
    if isinstance(part, Not):
        yield from _against(part.part, not positive, stable)
    elif isinstance(part, And | Or):
        for inner in part.parts:
            if not _monotone(inner, positive, stable):
                yield from _against(inner, positive, stable)
    elif not _monotone(part, positive, stable):
        yield marked(_short(show_formula(part, Style.ESQL)))


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _at_least_two(part: Formula) -> bool:
    """A test that more than one value always passes: then a lone value may be tested beside it as one likes."""
    return (
        isinstance(part, Atom)
        and _aggregated(part, "count_distinct") is not None
        and isinstance(part.test, Range)
        and part.test.high is None
        and part.test.low is not None
        and (part.test.low < 2 or (part.test.low == 2 and not part.test.low_open))  # noqa: PLR2004 - that is the point
    )


def _aggregated(part: Formula, function: str) -> Term | None:
    """What an atom aggregates by this function."""
    term = part.term if isinstance(part, Atom) else None
    inner = term.args[0] if isinstance(term, Call) and term.name.startswith("of") and term.args else None
    matches = isinstance(inner, Call) and inner.name == function and len(inner.args) == 1
    return inner.args[0] if isinstance(inner, Call) and matches else None


def _aggregates(term: Term) -> bool:
    return isinstance(term, Call) and (
        term.name in _AGGREGATES or term.name.startswith("of") or any(map(_aggregates, term.args))
    )


def _inside(term: Term, stable: frozenset[str]) -> bool:
    return all(name in stable for name in names(term))


# words


def tell(old: Spine, new: Spine, meter: Meter, *, same: bool) -> Iterator[str]:
    """Explain the edit of a pipeline; ``same`` where both are proven to give the same rows."""
    if old.sources != new.sources:
        yield from index.tell(old.sources, new.sources, "index pattern")
    if [barrier.kind for barrier in old.barriers] != [barrier.kind for barrier in new.barriers]:
        yield f"commands that change rows: {marked(_kinds(old))} to {marked(_kinds(new))}"
        return
    changed = False
    told: set[str] = set()
    for number, (one, two) in enumerate(zip(old.filters, new.filters, strict=True)):
        if number:
            for line in _rows(old.barriers[number - 1], new.barriers[number - 1]):
                changed = True
                yield line
        if one != two:
            changed = True
            made = _made(old, new, number)
            yield from (line for name in made if name not in told for line in _column(name, old, new, meter))
            told.update(made)
            if made:
                continue
            place = f"after {old.barriers[number - 1].kind}: " if number else ""
            sides = _written(old, new, number) or (one, two)
            for line in explain(*sides, Reading.KLEENE, Style.ESQL, meter):
                yield place + line
    left = list(_columns(old, new, meter, alone=not changed))
    if not changed and old.sources == new.sources and same:
        yield SAME_FILTERS if left else SAME_COLUMNS
    yield from left


def _made(old: Spine, new: Spine, number: int) -> list[str]:
    """The columns that make the difference between two filters that read the same; none where there are others."""
    if old.surface[number] != new.surface[number]:
        return []
    found = columns.differing(old.surface[number], old.defined, new.defined)
    return found if all(name in old.defined and name in new.defined for name in found) else []


def _written(old: Spine, new: Spine, number: int) -> tuple[Formula, Formula] | None:
    """Two filters with the names of their columns, where every name means the same on both sides, all through."""
    ours, theirs = old.known[number], new.known[number]
    for used in (old.used[number], new.used[number]):
        if any(ours.get(name) != meaning or theirs.get(name) != meaning for name, meaning in used.items()):
            return None
    one, two = (_counted(side.surface[number], ours) for side in (old, new))
    return None if one == two else (one, two)


def _counted(part: Formula, meaning: Mapping[str, Term]) -> Formula:
    """A filter in which tests of columns that are counts know that they are."""
    if isinstance(part, Atom):
        if part.term is not None or not isinstance(part.test, Range) or not counts(meaning.get(part.subject)):
            return part
        return replace_in(part, test=replace_in(part.test, whole=True))
    if isinstance(part, Not):
        return Not(_counted(part.part, meaning))
    if isinstance(part, And | Or):
        return replace_in(part, parts=tuple([_counted(inner, meaning) for inner in part.parts]))
    return part


def _column(name: str, old: Spine, new: Spine, meter: Meter) -> Iterator[str]:
    yield from columns.tell(name, old.defined[name], new.defined[name], meter)


def _rows(old: Barrier, new: Barrier) -> Iterator[str]:
    """Tell what became of a command that changes rows."""
    if old.kind == "stats" and old.text != new.text:
        texts = [{show(key): key for key in barrier.keys} for barrier in (old, new)]
        gone = [key for text, key in texts[0].items() if text not in texts[1]]
        come = [key for text, key in texts[1].items() if text not in texts[0]]
        yield _regrouped(gone, come)
    elif old.shown != new.shown and (old.text != new.text or old.count != new.count):
        yield f"{marked(old.shown)} to {marked(new.shown)}"
    elif old.text != new.text:
        yield "the order before LIMIT changed" if old.kind == "limit" else f"what {old.kind.upper()} works on changed"


def _regrouped(gone: Sequence[Term], come: Sequence[Term]) -> str:
    """Tell how the keys of the groups changed; of two spans of time, the spans alone."""
    if len(gone) == len(come) == 1:
        before, after = gone[0], come[0]
        spans = [each for each in (_span(before, after), _span(after, before)) if each is not None]
        if len(spans) == 2:  # noqa: PLR2004 - before and after
            old, new = spans
            return f"groups by {_time(new)} instead of {old.value if old.unit == new.unit else _time(old)}"
    ours, theirs = (named(map(show_term, keys)) for keys in (gone, come))
    if gone and come:
        return f"groups by {theirs} instead of {ours}"
    return f"groups by {theirs} as well" if come else f"no longer groups by {ours}"


def _span(term: Term, other: Term) -> Value | None:
    """The span that a key cuts time into, where that is all that tells it from the other."""
    if (
        not isinstance(term, Call)
        or not isinstance(other, Call)
        or term.name not in {"date_trunc", "bucket"}
        or (term.name, len(term.args)) != (other.name, len(other.args))
    ):
        return None
    differ = [mine for mine, theirs in zip(term.args, other.args, strict=True) if mine != theirs]
    span = differ[0] if len(differ) == 1 else None
    return span if isinstance(span, Value) and span.unit else None


def _time(span: Value) -> str:
    return f"{span.value} {span.unit}{'' if span.value == 1 else 's'}"


def _columns(old: Spine, new: Spine, meter: Meter, *, alone: bool) -> Iterator[str]:
    """Tell which columns are left at the end; where not only columns changed, no more than their new names."""
    for verb, here, there in (("no longer asks", old, new), ("asks", new, old)):
        asked = [name for name in here.metadata if name not in there.metadata]
        yield from [f"{verb} for the metadata {named(asked)}"] * bool(asked)
    if new.columns and not old.columns:
        yield f"now keeps only {named(new.columns)}: every other column is dropped{_with(new.lost)}"
    elif old.columns and not new.columns:
        yield "keeps all columns again"
    else:
        ours, theirs = (dict.fromkeys(_left(side)) for side in (old, new))
        gone, come = [name for name in ours if name not in theirs], [name for name in theirs if name not in ours]
        made = {show(new.meaning.get(name, Name(name))): name for name in reversed(come)}
        pairs: list[str] = []
        for name in list(gone):
            after = made.pop(show(old.meaning.get(name, Name(name))), None)
            if after is not None:
                gone.remove(name)
                come.remove(after)
                pairs.append(f"{marked(name)} to {marked(after)}")
        if pairs:
            more = f" and {len(pairs) - _NAMED} more" if len(pairs) > _NAMED else ""
            yield f"renames {'column' if len(pairs) == 1 else 'columns'} {', '.join(pairs[:_NAMED])}{more}"
        if not alone:
            return
        yield from _recomputed(old, new, [name for name in ours if name in theirs], meter)
        lost = [name for name in new.lost if name not in old.lost and name not in gone]
        noun = "keeps" if new.columns else "makes column"
        if len(gone) == len(come) == 1:
            yield f"{noun} {marked(come[0])} in place of {marked(gone[0])}{_with(lost)}"
            return
        yield from [f"no longer {noun} {named(sorted(gone))}{_with(lost)}"] * bool(gone)
        yield from [f"{noun} {named(sorted(come))} as well"] * bool(come)


def _left(side: Spine) -> Iterator[str]:
    """The columns at the end, as far as the pipeline names them; a pattern that finds none stands for itself."""
    made = [name for name, term in side.meaning.items() if not _nothing(term)]
    for pattern in side.columns or ("*",):
        found = [name for name in made if _matched(name, (pattern,))] if "*" in pattern else [pattern]
        yield from found or ([pattern] if side.columns else [])


def _recomputed(old: Spine, new: Spine, both: Iterable[str], meter: Meter) -> Iterator[str]:
    """Tell which columns are made of something else, as it is written: what follows from another is told there."""
    told: list[str] = []
    for name in both:
        before, after = old.defined.get(name), new.defined.get(name)
        same = old.meaning.get(name) == new.meaning.get(name)
        if before is not None and after is not None and before != after and not same:
            told.extend(columns.tell(name, before, after, meter))
    yield from told[:_NAMED]
    yield from [f"and {len(told) - _NAMED} more columns hold something else"] * (len(told) > _NAMED)


def _nothing(term: Term) -> bool:
    return isinstance(term, Call) and term.name == "null"


def _with(lost: Sequence[str]) -> str:
    return f", {named(lost)} among them, by which alerts are told apart" if lost else ""


def tell_start(old: Sequence[Command], new: Sequence[Command], meter: Meter) -> Iterator[str]:
    """Explain the edit of two pipelines up to the first command that is not understood."""
    (one, rest), (two, others) = _understood(old), _understood(new)
    if rest and others and one and two and rest[0] == others[0]:
        name = rest[0].name if isinstance(rest[0], Other) else "that"
        if one != two:
            yield from (f"before {name}: {line}" for line in tell(spine(one), spine(two), meter, same=False))
        if rest != others:
            yield f"what follows {name} changed as well" if one != two else f"what follows {name} changed"


def _understood(commands: Sequence[Command]) -> tuple[Sequence[Command], Sequence[Command]]:
    """Part a pipeline before the first command that is not understood."""
    for end in range(1, len(commands) + 1):
        try:
            spine(commands[:end])
        except UnsupportedError:
            return commands[: end - 1], commands[end - 1 :]
    return commands, ()


def _kinds(pipeline: Spine) -> str:
    return ", ".join(barrier.kind for barrier in pipeline.barriers) or "none"
