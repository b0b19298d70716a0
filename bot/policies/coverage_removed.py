"""What a rule covers does not shrink unseen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bot.model import KeyPath, Level, Rule, RuleChange, is_list, is_table, items
from bot.policy import Context, Scope, Violation, policy
from bot.query import data_views, index, indices_of
from bot.query.compare import language_of
from bot.told import coded

_TAGS: KeyPath = ("rule", "tags")
_QUERY: KeyPath = ("rule", "query")
_THREATS = {"tactic": frozenset({"tactic"}), "technique": frozenset({"technique", "subtechnique"})}


@policy(Level.NOTICE, scope=Scope.CHANGE, group="scope")
def coverage_removed(change: RuleChange, _context: Context, _options: object) -> Iterator[Violation]:
    """An index, a tag, a technique or a tactic was removed.

    Why: searches by tag, coverage maps and the data that the rule reads all shrink, and in a long diff that is
    easily missed. An index pattern that another one covers is not lost; one that is excluded now is.

    Fix: nothing, where it is meant; else put back what the message names, or take the exclusion out.
    """
    base, head = change.base, change.head
    if base is None or head is None:
        return
    reads = ("rule", "index") if head.get("rule", "index") is not None or language_of(head) != "esql" else _QUERY
    before, after = indices_of(base), indices_of(head)
    if before is not None and after is not None and not data_views(base, head):
        gone, excluded = index.lost(before, after)
        yield from _told("index", reads, gone, "removed")
        yield from _told("index", reads, excluded, "excluded")
    yield from _gone("tag", _TAGS, _strings(base.get(*_TAGS)), _strings(head.get(*_TAGS)))
    for what, keys in _THREATS.items():
        yield from _gone(what, ("rule", "threat"), _threats(base, keys), _threats(head, keys))


def _gone(what: str, at: KeyPath, before: Iterable[str], after: Iterable[str]) -> Iterator[Violation]:
    """Object to what is named no more."""
    kept = frozenset(after)
    yield from _told(what, at, [each for each in dict.fromkeys(before) if each not in kept], "removed")


def _told(what: str, at: KeyPath, lost: Sequence[str], how: str) -> Iterator[Violation]:
    """Object to all of one sort together."""
    if lost:
        plural = "" if len(lost) == 1 else "es" if what == "index" else "s"
        verb = "was" if len(lost) == 1 else "were"
        message = f"the {what}{plural} {', '.join(map(coded, lost))} {verb} {how}"
        yield Violation(message=message, at=at, value=tuple(lost))


def _strings(value: object) -> list[str]:
    return [each for each in items(value) if isinstance(each, str)]


def _threats(rule: Rule, keys: frozenset[str]) -> list[str]:
    """Return the ids of every tactic, or of every technique and subtechnique, that a rule names."""
    return list(_ids(rule.get("rule", "threat"), keys, named=False))


def _ids(value: object, keys: frozenset[str], *, named: bool) -> Iterator[str]:
    """Walk tables and lists; ``named`` tells whether the key above is one whose ids are wanted."""
    if is_list(value):
        for each in value:
            yield from _ids(each, keys, named=named)
    elif is_table(value):
        for key, each in value.items():
            if key == "id" and named and isinstance(each, str):
                yield each
            yield from _ids(each, keys, named=key in keys)
