"""What every surface for people says of an edited query: its explanation, the events that show it, its lines."""

from __future__ import annotations

from collections.abc import Iterator

from bot.model import Category, Event, QueryChange, RuleChange
from bot.words import LONGEST, Phrase, Piece, plain, query_heading, short

_HALF = (LONGEST - 1) // 2
_EVENTS = 3  # of a witness, and values of a field in it, that are shown one by one


def explains(change: RuleChange) -> bool:
    """Tell whether there is more to say of what a rule asks than its row in the table has room for."""
    return change.query is not None or bool(change.around)


def heading(change: RuleChange) -> str:
    """Return what stands above the explanation: what became of the query, or what else it is about."""
    if change.query is not None:
        return query_heading(change.query)
    if Category.LOGIC in change.effects:
        return "same query, other conditions around it"
    return f"same query, {'other indices' if Category.SCOPE in change.effects else 'the same conditions around it'}"


def explained(change: RuleChange) -> tuple[str, ...]:
    """Return what became of what a rule asks, in words, a line each."""
    return change.query.explanation if change.query else change.around


def witnesses(query: QueryChange) -> Iterator[tuple[str, Phrase]]:
    """Yield at most one claim each way, with the event that shows it."""
    witness = query.witness
    if witness and witness.lost is not None:
        yield "no longer matches", witness_phrase(witness.lost)
    if witness and witness.gained is not None:
        yield "newly matches", witness_phrase(witness.gained)


def proofs(query: QueryChange | None) -> list[str]:
    """Return the claims of a query's edit for a terminal, or why there are none."""
    if query is None:
        return []
    unproven = [f"nothing is proven: {query.reason}"] if query.reason and not query.apart else []
    return [*unproven, *(f"{claim} {plain(event)}" for claim, event in witnesses(query))]


def witness_phrase(events: Event | tuple[Event, ...]) -> Phrase:
    """Write an event as ``{field: value, value; field: value}``, a few one after the other, many by what they share."""
    several = events if isinstance(events, tuple) else (events,)
    if len(several) > _EVENTS or len(several) > 1 == len(set(map(_event_words, several))):
        return _crowd(several)
    pieces: list[Piece] = []
    for event in several:
        pieces += [Piece(", then ")] * bool(pieces)
        pieces.append(Piece(_event_words(event), value=True) if event else Piece("an event"))
    return tuple(pieces)


def _event_words(event: Event) -> str:
    fields = (f"{field}: {', '.join(map(_value, values))}" for field, values in event.items())
    return "{" + "; ".join(fields) + "}"


def _value(value: object) -> str:
    """Write a value on one line; of a long one its end as well, where it differs from others."""
    return (
        short(value)
        if not isinstance(value, str) or len(value) <= LONGEST
        else short(value[:_HALF] + "…" + value[-_HALF:])
    )


def _crowd(events: tuple[Event, ...]) -> Phrase:
    """Say what many events have in common, then how many values the other fields have."""
    names = dict.fromkeys(name for event in events for name in event)
    common = {name: events[0].get(name, ()) for name in names if len({event.get(name, ()) for event in events}) == 1}
    pieces = [Piece(f"{len(events)} events with "), Piece(_event_words(common), value=True)]
    for name in names:
        if name in common:
            continue
        values = dict.fromkeys(event[name] for event in events if name in event)
        shown = ", ".join(_value(value) for each in list(values)[:_EVENTS] for value in each)
        number = f", … ({len(values)} values)" if len(values) > _EVENTS else ""
        lacking = sum(name not in event for event in events)
        pieces += [
            Piece("; "),
            Piece(f"{name}: {shown}{number}", value=True),
            *([Piece(f" in {len(events) - lacking} of them")] if lacking else []),
        ]
    return tuple(pieces)


def query_lines(change: RuleChange, *, around: int = 3) -> list[str]:
    """Return the query's line diff without its head, with some equal lines around each edit."""
    import difflib  # a review without edited queries need not pay for it

    sides = (rule.get("rule", "query") if rule else None for rule in (change.base, change.head))
    before, after = (value.strip("\n").splitlines() if isinstance(value, str) else [] for value in sides)
    return list(difflib.unified_diff(before, after, lineterm="", n=around))[2:]
