"""What an edit of a query does to the events it matches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from bot.fields import single
from bot.model import SAME_MATCHES, KeyPath, QueryChange, QueryVerdict, Rule, Witness
from bot.query import eql, esql, index, kql, pipeline, threshold
from bot.query.across import across, of_eql, side_by_side
from bot.query.explain import SAME, explain, explain_sequence
from bot.query.formula import Formula
from bot.query.languages import syntax_error, tokens
from bot.query.meter import ExhaustedError, Meter
from bot.query.prove import Relation, relate
from bot.query.sequence import Sequels, Sequencer
from bot.query.shrink import shrink
from bot.query.text import QueryError, UnsupportedError
from bot.query.truth import Reading
from bot.query.wording import Style, named
from bot.told import finished

REGROUPED = "no single condition came or went: look at how they are combined and written"
_PROVEN = {
    QueryVerdict.NARROWED_OR_EQUAL: "nothing more is matched, that is proven; no event was found to show that less is",
    QueryVerdict.BROADENED_OR_EQUAL: "nothing less is matched, that is proven; no event was found to show that more is",
}
_BY_TYPE = {"eql": "eql", "esql": "esql"}
_WRITTEN = {"eql": "EQL", "esql": "ES|QL"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much work one comparison may cost.

    Attributes:
        steps: of proving and of looking for events, for one pair of queries; the explanation gets a quarter more.
        max_characters: longer queries are not looked at.
    """

    steps: int = 2_000_000
    max_characters: int = 100_000


def language_of(rule: Rule) -> str:
    """The language of a rule's query; rules without ``language`` are KQL unless their type says otherwise."""
    return rule.string("rule", "language") or _BY_TYPE.get(rule.type or "", "kuery")


def queries_of(rule: Rule) -> Iterator[tuple[KeyPath, str, str]]:
    """Every query of a rule: its key, its language, its text."""
    if (query := rule.string("rule", "query")) is not None:
        yield ("rule", "query"), language_of(rule), query
    if (query := rule.string("rule", "threat_query")) is not None:
        yield ("rule", "threat_query"), rule.string("rule", "threat_language") or "kuery", query


def indices_of(rule: Rule) -> list[str] | None:
    """The index patterns that a rule reads, an ES|QL query's own; None where that cannot be read."""
    query = rule.string("rule", "query")
    if query is not None and language_of(rule) == "esql":
        try:
            source = esql.parse(query)[0]
        except (QueryError, UnsupportedError, RecursionError):
            return None
        return index.once(source.patterns) if isinstance(source, esql.Source) else None
    return index.names(rule.get("rule", "index"))


def compare(old: Rule, new: Rule, *, budget: Budget | None = None) -> QueryChange | None:
    """Tell what became of the matches of a query; None where its text is the same on both sides."""
    found = _change(old, new, budget or Budget())
    if found is None:
        return None
    reason = None if found.reason is None else finished(found.reason)
    return replace(found, explanation=tuple(map(finished, found.explanation)), reason=reason)


def _change(old: Rule, new: Rule, limits: Budget) -> QueryChange | None:  # noqa: C901, PLR0911 - one branch a case
    before, after = old.string("rule", "query"), new.string("rule", "query")
    if before == after:
        return None
    language = language_of(new)
    if before is None or after is None:
        side = old if before is None else new
        if side.get("rule", "query") is not None:
            return _unknown(language, f"the {'old' if before is None else 'new'} query is no text")
        return _unknown(language, f"the query was {'added' if before is None else 'removed'}")
    if max(len(before), len(after)) > limits.max_characters:
        return _unknown(language, "too large")
    if language_of(old) != language:
        lines = tuple(across((language_of(old), before), (language, after)))
        return _apart("language", language_of(old), language, lines, language)
    if old.type != new.type:
        lines = _told(old, new, language, before, after, limits)
        if new.type == language and language in _WRITTEN:
            lines = (*lines, f"a query in {_WRITTEN[language]} runs only in a rule of type {new.type}")
        return _apart("rule type", old.type, new.type, lines, language)
    cut = tokens(language, before)
    if cut is not None and cut == tokens(language, after):
        return QueryChange(language=language, verdict=QueryVerdict.COSMETIC, explanation=("only the layout changed",))
    try:
        found = _compare(old, new, language, before, after, limits)
        return replace(found, explanation=(*found.explanation, *_beyond(new, found.verdict)))
    except QueryError as error:
        return _unknown(language, _unread(language, before, after) or f"the query does not parse: {error.message}")
    except UnsupportedError as error:
        return _unknown(language, f"{error} cannot be followed here")
    except ExhaustedError:
        return _unknown(language, "too large")
    except RecursionError:
        return _unknown(language, "too deeply nested")


def _unread(language: str, before: str, after: str) -> str:
    """Say which of two queries does not parse, empty where that is one inside them."""
    sides = {"old": syntax_error(language, before), "new": syntax_error(language, after)}
    broken = {side: fault.message for side, fault in sides.items() if fault is not None}
    if len(broken) == len(sides):
        return f"neither the old query ({broken['old']}) nor the new one ({broken['new']}) parses"
    return next((f"the {side} query does not parse: {message}" for side, message in broken.items()), "")


def _told(old: Rule, new: Rule, language: str, before: str, after: str, limits: Budget) -> tuple[str, ...]:  # noqa: PLR0917 - as of the comparison
    """Words about two queries of one language whose rules are of two types: no verdict follows from them."""
    cut = tokens(language, before)
    if cut is not None and cut == tokens(language, after):
        return ("the query is only laid out anew",)
    try:
        found = _compare(old, new, language, before, after, limits)
    except (QueryError, UnsupportedError, ExhaustedError, RecursionError):
        return ()
    same = ("the query matches the same",) if found.verdict in SAME_MATCHES else ()
    unsaid = (SAME, pipeline.SAME_FILTERS, pipeline.SAME_COLUMNS, *_PROVEN.values())
    return (*same, *(line for line in found.explanation if not line.endswith(unsaid)))


def _compare(old: Rule, new: Rule, language: str, before: str, after: str, limits: Budget) -> QueryChange:  # noqa: PLR0917 - one branch a case
    if language == "kuery":
        return _events(kql.parse(before), kql.parse(after), Reading.TWO, Style.KQL, limits, swap=after < before)
    if language == "eql":
        return _eql(old, new, before, after, limits)
    if language == "esql":
        return _esql(before, after, limits)
    return _unknown(language, f"{language} queries are compared by their tokens alone")


def _esql(before: str, after: str, limits: Budget) -> QueryChange:
    old, new = esql.parse(before), esql.parse(after)
    try:
        one, two = pipeline.spine(old), pipeline.spine(new)
    except UnsupportedError as error:
        told = tuple(pipeline.tell_start(old, new, Meter(limits.steps // 4)))
        return replace(_unknown("esql", f"{error} cannot be followed here"), explanation=told)
    meter = Meter(limits.steps)
    rows = _mirrored(pipeline.compare(two, one, meter)) if after < before else pipeline.compare(one, two, meter)
    told = tuple(pipeline.tell(one, two, Meter(limits.steps // 4), same=rows.narrower and rows.wider))
    if told == (pipeline.SAME_COLUMNS,):
        told = (*_unneeded(old, new), *told)
    return _claim("esql", rows, told)


def _unneeded(old: Sequence[esql.Command], new: Sequence[esql.Command]) -> Iterator[str]:
    """Name commands that only choose columns and of which only one side has any, where that makes no difference."""
    for verb, here, there in (("adds", new, old), ("removes", old, new)):
        if any(isinstance(each, esql.Columns) for each in there):
            continue
        names = dict.fromkeys("KEEP" if each.keep else "DROP" for each in here if isinstance(each, esql.Columns))
        if names:
            yield f"{verb} {' and '.join(names)}, without effect: every column that is used is there either way"


def _events(old: Formula, new: Formula, reading: Reading, style: Style, limits: Budget, *, swap: bool) -> QueryChange:
    meter = Meter(limits.steps)
    relation = _mirrored(relate(new, old, reading, meter)) if swap else relate(old, new, reading, meter)
    relation = replace(
        relation,
        lost=shrink(relation.lost, old, new, reading, meter) if relation.lost else relation.lost,
        gained=shrink(relation.gained, new, old, reading, meter) if relation.gained else relation.gained,
    )
    words = tuple(explain(old, new, reading, style, Meter(limits.steps // 4)))
    found = _claim(style.value, relation, words)
    more = _single(old, new, reading, relation, Meter(limits.steps // 4))
    return replace(found, explanation=(*found.explanation, *more))


def _single(old: Formula, new: Formula, reading: Reading, found: Relation, meter: Meter) -> Iterator[str]:
    """Say what becomes of events with one value in a field, where events with several were needed for a difference.

    Nothing is told of fields that hold a list by ECS, and that the edit is without effect only of those that do not.
    """
    several = {name for event in (found.lost, found.gained) if event for name, held in event.items() if len(held) > 1}
    both = found.lost is not None and found.gained is not None
    fields = sorted(several)
    if not fields or any(single(name) is False or not (both or single(name)) for name in fields):
        return
    try:
        relation = relate(old, new, reading, meter, witnesses=False, single=fields)
    except ExhaustedError:
        return
    where = f"with one value in {named(fields)}"
    if relation.narrower and relation.wider:
        yield f"{where}{', as ECS has it,' if all(map(single, fields)) else ''} the query matches the same as before"
    elif both and relation.narrower:
        yield f"{where} the query is narrower: only events with several there are newly matched"
    elif both and relation.wider:
        yield f"{where} the query is broader: only events with several there are no longer matched"


def _eql(old: Rule, new: Rule, before: str, after: str, limits: Budget) -> QueryChange:
    setting = ("rule", "event_category_override")
    swap = after < before
    one = eql.parse(before, old.string(*setting) or "event.category")
    two = eql.parse(after, new.string(*setting) or "event.category")
    turned = () if one.kind == two.kind else tuple(side_by_side(of_eql(one), of_eql(two), Style.EQL))
    optional = tuple(_optional(before, after))
    if {one.kind, two.kind} == {"event", "sequence"}:  # an event query is a sequence of one step and no keys
        one, two = (replace(query, kind="sequence") for query in (one, two))
    if one.kind != two.kind:
        article = "an" if two.kind == "event" else "a"
        return replace(_unknown("eql", f"the {one.kind} query became {article} {two.kind} query"), explanation=turned)
    if one.pipes != two.pipes or (one.pipes and one != two):
        return _unknown("eql", "pipes decide which events are kept")
    if one.kind == "event":
        found = _events(one.steps[0].formula, two.steps[0].formula, Reading.MIXED, Style.EQL, limits, swap=swap)
        return replace(found, explanation=(*found.explanation, *optional))
    moment = new.string("rule", "timestamp_field") or "@timestamp"
    meter = Meter(limits.steps)
    relation = _mirrored(Sequencer(two, one, meter, moment).run()) if swap else Sequencer(one, two, meter, moment).run()
    return _claim("eql", relation, turned or (*explain_sequence(one, two, Meter(limits.steps // 4)), *optional))


def _optional(before: str, after: str) -> Iterator[str]:
    """Tell which fields of an EQL query got or lost the mark that no index has to know them."""
    (marked, plain), (marked_now, plain_now) = _marks(before), _marks(after)
    for verb, meaning, names in (
        ("drops", "an index must know it now", (marked - plain) & (plain_now - marked_now)),
        ("adds", "no index has to know it now", (plain - marked) & (marked_now - plain_now)),
    ):
        if names:
            them = meaning if len(names) == 1 else meaning.replace(" it ", " them ")
            yield f"{verb} ? before {named(sorted(names))}: {them}"


def _marks(query: str) -> tuple[frozenset[str], frozenset[str]]:
    """The fields of an EQL query with the mark, and those without."""
    found: dict[bool, set[str]] = {True: set(), False: set()}
    name, mark = "", False
    for token in (*(tokens("eql", query) or ()), ""):
        if name and (token == "." or name.endswith(".")):
            name += token
        else:
            found[mark].add(name)
            mark = name == "?"
            name = token
    return frozenset(found[True]), frozenset(found[False])


_Outcome = TypeVar("_Outcome", Relation, Sequels, pipeline.Rows)


def _mirrored(outcome: _Outcome) -> _Outcome:
    """The outcome of the edit taken back; every pair is solved in one direction, so the two always agree."""
    return replace(outcome, narrower=outcome.wider, wider=outcome.narrower, lost=outcome.gained, gained=outcome.lost)


def _claim(language: str, relation: Relation | Sequels | pipeline.Rows, explanation: tuple[str, ...]) -> QueryChange:
    """The strongest verdict that the proofs and the witnesses carry."""
    lost, gained = relation.lost, relation.gained
    reason = None
    if relation.narrower and relation.wider:
        verdict = QueryVerdict.EQUIVALENT
    elif relation.narrower:
        verdict = QueryVerdict.NARROWED if lost is not None else QueryVerdict.NARROWED_OR_EQUAL
    elif relation.wider:
        verdict = QueryVerdict.BROADENED if gained is not None else QueryVerdict.BROADENED_OR_EQUAL
    elif lost is not None and gained is not None:
        verdict = QueryVerdict.CHANGED
    else:
        verdict = QueryVerdict.UNKNOWN
        reason = relation.blocked or "neither a proof nor events that tell the two apart were found"
    if verdict is not QueryVerdict.EQUIVALENT:
        explanation = tuple(line for line in explanation if not line.endswith(SAME)) or (REGROUPED,)
    if verdict in _PROVEN:
        explanation = (*explanation, _PROVEN[verdict])
    witness = Witness(lost=lost, gained=gained) if lost is not None or gained is not None else None
    if verdict is QueryVerdict.UNKNOWN:
        witness = None
    return QueryChange(language=language, verdict=verdict, explanation=explanation, witness=witness, reason=reason)


def _beyond(rule: Rule, verdict: QueryVerdict) -> Iterator[str]:
    """Say what stands between the matches of a query and the alerts of a rule about new terms, or one that counts."""
    if verdict in SAME_MATCHES:
        return
    if rule.type == "new_terms":
        yield "the same query decides which values count as already known, so alerts may come as well as go"
    counted = rule.get("rule", "threshold")
    if rule.type == "threshold" and threshold.several(counted):
        yield f"what matches is counted: an alert takes {threshold.words(counted)}"


def _apart(what: str, old: str | None, new: str | None, told: tuple[str, ...], language: str) -> QueryChange:
    found = _unknown(language, f"the {what} changed from {old} to {new}")
    return replace(found, apart=what, explanation=told)


def _unknown(language: str, reason: str) -> QueryChange:
    return QueryChange(language=language, verdict=QueryVerdict.UNKNOWN, reason=reason)
