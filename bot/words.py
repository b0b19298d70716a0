"""What changed, in a reviewer's words: one short phrase a leaf, the most important first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import cast

from bot.model import (
    Category,
    Change,
    Kind,
    Op,
    QueryChange,
    QueryVerdict,
    Rule,
    RuleChange,
    Status,
    Unreadable,
    Waived,
    exact,
    is_list,
    is_table,
    items,
)
from bot.settings import DEPRECATED, NOTICE_PREFIX


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of a phrase: our own words, or a value that stands in the rule.

    Attributes:
        value: whether the text is the rule's, so that a renderer sets it apart and escapes it.
    """

    text: str
    value: bool = False


Phrase = tuple[Piece, ...]
"""One phrase; the texts of its pieces, joined, read as a sentence's part."""

LONGEST = 60
"""The most characters that a value shows."""

_MOST = 3
_PLAIN = re.compile(r"[a-z]+(?:[_ ][a-z]+)*")
_SMALL = 4_000  # characters of a list item that are worth a look inside
_SHORT = {"risk_score": "risk", "building_block_type": "building block", "machine_learning_job_id": "job"}
_ORDER = {category: place for place, category in enumerate(Category)}
_FIRST = ("query", "type", "language", "maturity", "severity", "risk_score", "name", "rule_id")
_ESQL = "esql"
_COUNTED = frozenset({"references", "false_positives"})

_QUERY = {
    QueryVerdict.COSMETIC: "query reformatted",
    QueryVerdict.EQUIVALENT: "query rewritten, matches the same",
    QueryVerdict.NARROWED: "query narrowed",
    QueryVerdict.BROADENED: "query broadened",
    QueryVerdict.NARROWED_OR_EQUAL: "query narrowed or equal",
    QueryVerdict.BROADENED_OR_EQUAL: "query broadened or equal",
    QueryVerdict.CHANGED: "query changed both ways",
    QueryVerdict.UNKNOWN: "query changed, effect unknown",
}


def short(value: object) -> str:
    """Write a value on one line of at most sixty characters."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = value.strip("\r\n") or '""'
    elif isinstance(value, date | datetime | time):
        text = value.isoformat()
    elif is_list(value):
        shown = ", ".join(short(item) for item in value[:_MOST])
        text = f"[{shown}{', …' if len(value) > _MOST else ''}]"
    elif isinstance(value, Mapping):
        keys = [str(key) for key in cast("Mapping[object, object]", value)]
        text = "{" + ", ".join(keys[:_MOST]) + (", …" if len(keys) > _MOST else "") + "}"
    else:
        text = str(value)
    return _line(text)


def _line(text: str) -> str:
    """Put a text on one line, and cut it where it is long."""
    text = "↵".join(text[: LONGEST * 4].splitlines())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def change_words(change: Change) -> str:
    """Return one short phrase for a leaf: ``risk 47 → 73``."""
    return plain(change_phrase(change))


def rule_words(rule: RuleChange) -> tuple[str, ...]:
    """Return what happened to a rule, the most important first, bookkeeping left out."""
    return tuple(plain(phrase) for phrase in rule_phrases(rule))


def plain(phrase: Phrase) -> str:
    """Join a phrase's pieces."""
    return "".join(piece.text for piece in phrase)


def query_words(query: QueryChange) -> str:
    """Return what became of a query as a phrase; where no verdict is possible, only that it changed."""
    return "query changed" if query.apart else _QUERY[query.verdict]


def query_heading(query: QueryChange) -> str:
    """Return what stands above the explanation of a query's edit: the verdict, or why there can be none."""
    return f"{query.reason}, effect unknown" if query.apart else _QUERY[query.verdict]


def excused_word(waived: Waived) -> str:
    """Return what a finding is called that does not count, in place of its level."""
    return "waived" if waived.exception is None else "excepted"


def excuse_words(waived: Waived) -> str:
    """Return why a finding does not count."""
    return plain(excuse_phrase(waived))


def excuse_phrase(waived: Waived) -> Phrase:
    """Return what ``excuse_words`` says, in pieces."""
    if waived.exception is not None:
        until = f", until {waived.expires.isoformat()}" if waived.expires else ""
        return Piece("exception in the config, "), Piece(waived.exception, value=True), Piece(until)
    when = (Piece(" at "), Piece(waived.at, value=True)) if waived.at else ()
    return Piece("waived by "), Piece(waived.by or "nobody", value=True), *when


def rule_phrases(rule: RuleChange) -> tuple[Phrase, ...]:
    """Return what ``rule_words`` says, in pieces."""
    phrases = [_say("moved from ", rule.previous_path)] if _moved(rule) else []
    if rule.kind is Kind.UNREADABLE:
        return (*phrases, _say("cannot be read"))
    if rule.kind is Kind.NEW and rule.head is not None:
        return (*phrases, _whole("readable now:" if repaired(rule) else "new", rule.head))
    if rule.kind is Kind.REMOVAL:
        return (*phrases, _say("removed, could not be read") if rule.base is None else _whole("removed", rule.base))
    told = [phrase for _, phrase in leaf_phrases(rule)]
    if not told and rule.changes:
        told = [_say("bookkeeping only")]
    if not told and not phrases:
        told = [_say("mode of the file only" if mode_alone(rule) else "layout only")]
    if announces(rule):
        told = [_say("announced by the name alone"), *told]
    return (*told, *phrases)


def leaf_phrases(rule: RuleChange) -> tuple[tuple[Change, Phrase], ...]:
    """Return the leaves of an edited rule that are worth a word, each with its phrase, the most important first."""
    return tuple((change, _told(change, rule)) for change in by_importance(rule) if _worth(change))


def announces(rule: RuleChange) -> bool:
    """Tell whether a rule only announces its deprecation: by its name, while its maturity says nothing of it."""
    base, head = rule.base, rule.head
    if rule.kind is not Kind.DEPRECATION or base is None or head is None or head.maturity == DEPRECATED:
        return False
    return (head.name or "").startswith(NOTICE_PREFIX) and not (base.name or "").startswith(NOTICE_PREFIX)


def mode_alone(rule: RuleChange) -> bool:
    """Tell whether a file holds what it held, so that nothing but its mode can be another."""
    return (
        rule.kind is Kind.COSMETIC
        and rule.base is not None
        and rule.head is not None
        and rule.base.text == rule.head.text
    )


def repaired(rule: RuleChange) -> bool:
    """Tell whether a rule counts as new because its file, which was there before, could not be read."""
    return rule.kind is Kind.NEW and isinstance(rule.before, Unreadable)


def _moved(rule: RuleChange) -> bool:
    return rule.status is Status.RENAMED and rule.previous_path is not None and rule.previous_path != rule.path


def leaf_words(change: Change, rule: RuleChange) -> str:
    """Return one short phrase for a leaf of a rule, knowing what else became of the rule."""
    return plain(_told(change, rule))


def _told(change: Change, rule: RuleChange) -> Phrase:
    if change.path == ("rule", "query") and rule.query is not None and change.op is Op.CHANGED:
        return _say(query_words(rule.query))
    same = _say(", means the same") if change.rewritten else ()
    return (*(_moved_index(change, rule) or change_phrase(change)), *same)


def _moved_index(change: Change, rule: RuleChange) -> Phrase:
    """Tell a list of index patterns that went into an ES|QL query, or came out of one; empty for any other leaf."""
    base, head = rule.base, rule.head
    if change.path != ("rule", "index") or base is None or head is None or base.type == head.type:
        return ()
    if change.op is Op.REMOVED and head.type == _ESQL:
        return _say("index named in the query now")
    return _say("index named beside the query now") if change.op is Op.ADDED and base.type == _ESQL else ()


def _worth(change: Change) -> bool:
    return change.category is not Category.BOOKKEEPING


def by_importance(rule: RuleChange) -> list[Change]:
    """Return the leaves that differ, what decides most first."""
    return sorted(rule.changes, key=_importance)


def _importance(change: Change) -> tuple[bool, int, int, tuple[str, ...]]:
    name = change.path[-1]
    return change.rewritten, _ORDER[change.category], _FIRST.index(name) if name in _FIRST else len(_FIRST), change.path


def _whole(word: str, rule: Rule) -> Phrase:
    """Name what came or went: ``new eql rule, severity high, risk 73``."""
    phrase = (*_say(f"{word} "), *_say("", rule.type, " "), *_say("rule"))
    if rule.type is None:
        phrase = _say(f"{word} rule")
    for label, value in (
        ("severity", rule.get("rule", "severity")),
        ("risk", rule.get("rule", "risk_score")),
        ("maturity", rule.get("metadata", "maturity")),
    ):
        if value is not None:
            phrase = (*phrase, *_say(f", {label} ", short(value)))
    return phrase


def _say(words: str, value: str | None = None, after: str = "") -> Phrase:
    pieces = (Piece(words), Piece(value or "", value=True), Piece(after))
    return tuple(piece for piece in pieces if piece.text)


def _label(change: Change) -> Phrase:
    """Name a key: our word for one we know, the rule's own where an author chose it."""
    parts = change.path[1:] if change.path[0] in {"rule", "metadata"} else change.path
    name = ".".join(parts) or change.key
    known = _SHORT.get(name, name)
    return (Piece(_line(known), value=not _common(known)),)


def _common(name: str) -> bool:
    """Whether a key is plain enough to stand among our own words."""
    return _PLAIN.fullmatch(name) is not None


def change_phrase(change: Change) -> Phrase:
    """Return what ``change_words`` says, in pieces."""
    label = _label(change)
    before, after = change.before, change.after
    if change.path == ("rule", "threat"):
        old, new = _techniques(before), _techniques(after)
        if old or new or not (is_list(before) and is_list(after)):
            ours, theirs = ({frozenset(_ids(entry)) for entry in items(side)} for side in (before, after))
            stays = bool(old) and ours == theirs  # the same techniques under the same tactics
            return _listed(label, old, new) or (*label, Piece(" changed, same ids" if stays else " changed"))
    if change.path == ("rule", "query"):
        return (*label, Piece({Op.ADDED: " added", Op.REMOVED: " removed", Op.CHANGED: " changed"}[change.op]))
    if any(isinstance(side, list) for side in (before, after)):
        return _wrapped(label, change) or _lists(label, change, counted=change.path[-1] in _COUNTED)
    if _prose(change):
        edited = " wrapped otherwise" if _wrapping(before, after) else " reworded"
        return (*label, Piece({Op.ADDED: " added", Op.REMOVED: " removed", Op.CHANGED: edited}[change.op]))
    return (*label, *_scalar(change.op, short(before), short(after)))


def _scalar(op: Op, old: str, new: str) -> Phrase:
    if op is Op.ADDED:
        return _say(" set to ", new)
    if op is Op.REMOVED:
        return _say(" dropped (was ", old, ")")
    return (*_say(" ", old), *_say(" → ", new)) if old != new else _say(" changed")


def _wrapping(before: object, after: object) -> bool:
    """Whether two texts differ in nothing but blanks and line ends."""
    return isinstance(before, str) and isinstance(after, str) and before.split() == after.split()


def _prose(change: Change) -> bool:
    if change.category is not Category.DOCS:
        return False
    sides = (change.before, change.after)
    return any(isinstance(side, str) for side in sides)


def _wrapped(label: Phrase, change: Change) -> Phrase:
    """Tell a string that became a list of itself alone, or the reverse; empty for anything else."""
    string = isinstance(change.before, str), isinstance(change.after, str)
    if string[0] is string[1] or _items(change.before) != _items(change.after):
        return ()
    return (*label, Piece(f" written as a {'string' if string[1] else 'list'}"))


def _lists(label: Phrase, change: Change, *, counted: bool) -> Phrase:
    old, new = _items(change.before), _items(change.after)
    if any(isinstance(item, Mapping | list) for item in (*old, *new)):
        return _tables(label, old, new)
    if counted:
        gone, come = _difference(old, new), _difference(new, old)
        signs = [f"+ {len(come)}"] * bool(come) + [f"\N{MINUS SIGN} {len(gone)}"] * bool(gone)
        return (*label, Piece(f" {', '.join(signs)}")) if signs else (*label, Piece(" reordered"))
    if change.path[-1] in {"ecs_version", "ecs_versions"} and len(old) == 1 and len(new) == 1:
        return (*label, *_say(" ", short(old[0])), *_say(" → ", short(new[0])))
    listed = _listed(label, old, new)
    if listed:
        return listed
    if change.op is Op.CHANGED and bool(old) == bool(new):
        return (*label, Piece(" reordered" if len(old) > 1 else " changed"))
    return (*label, *_scalar(change.op, short(change.before), short(change.after)))


def _items(value: object) -> list[object]:
    """Return the items of a list; a string is a list of itself alone."""
    return [value] if isinstance(value, str) else items(value)


def _listed(label: Phrase, old: Sequence[object], new: Sequence[object]) -> Phrase:
    """Tell what came and went by name, empty where nothing did."""
    come, gone = _difference(new, old), _difference(old, new)
    phrase: list[Piece] = [*label]
    separator = " "
    for sign, values in (("+", come), ("\N{MINUS SIGN}", gone)):
        for number, value in enumerate(values[:_MOST]):
            phrase += _say(f"{separator}{sign} " if number == 0 else ", ", short(value))
            separator = ", "
        if len(values) > _MOST:
            phrase.append(Piece(f" and {len(values) - _MOST} more"))
    return tuple(phrase) if come or gone else ()


def _difference(these: Iterable[object], those: Iterable[object]) -> list[object]:
    """Return what these hold more often than those, in order."""
    left = Counter(exact(item) for item in those)
    extra: list[object] = []
    for item in these:
        key = exact(item)
        if left[key] > 0:
            left[key] -= 1
        else:
            extra.append(item)
    return extra


def _tables(label: Phrase, old: Sequence[object], new: Sequence[object]) -> Phrase:
    """Count what came, went and changed in a list of tables; look inside where one alone changed."""
    gone, come = _difference(old, new), _difference(new, old)
    changed = min(len(gone), len(come))
    counts = [
        f"{count} {word}"
        for count, word in ((changed, "changed"), (len(come) - changed, "added"), (len(gone) - changed, "removed"))
        if count
    ]
    if not counts:
        return (*label, Piece(" reordered"))
    phrase: Phrase = (*label, Piece(f": {', '.join(counts)}"))
    if changed == 1 and len(come) == len(gone) == 1:
        inside = _inside(gone[0], come[0])
        if inside:
            return (*phrase, Piece(" ("), *inside, Piece(")"))
    return phrase


def _inside(old: object, new: object) -> Phrase:
    """Name the keys that differ between two tables, of one the values, empty where that is too much to look at."""
    if not (isinstance(old, Mapping) and isinstance(new, Mapping)) or len(f"{old!r}{new!r}") > _SMALL:
        return ()
    from deepdiff import DeepDiff  # 105 ms that only a rule with edited tables pays

    tree = cast("Mapping[str, Iterable[object]]", DeepDiff(old, new, view="tree"))
    paths: dict[str, Phrase] = {}
    for kind, found in tree.items():
        for level in found:
            parts = cast("list[object]", level.path(output_format="list"))  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
            one, other = cast("tuple[object, object]", (level.t1, level.t2))  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
            told = kind in {"values_changed", "type_changes"} and short(one) != short(other)
            paths[".".join(map(str, parts))] = _scalar(Op.CHANGED, short(one), short(other)) if told else ()
    listed = sorted(paths)
    named = _say("", short(", ".join(listed[:_MOST]) + (", …" if len(listed) > _MOST else "")))
    return (*named, *paths[listed[0]]) if len(listed) == 1 else named


def _techniques(threat: object) -> list[object]:
    """Return the ids of every tactic, technique and sub-technique once, in order."""
    found: dict[object, None] = {}
    for entry in items(threat):
        for identity in _ids(entry):
            found.setdefault(identity)
    return list(found)


def _ids(entry: object) -> Iterator[object]:
    if not is_table(entry):
        return
    tactic = entry.get("tactic")
    if is_table(tactic) and isinstance(tactic.get("id"), str):
        yield tactic["id"]
    if isinstance(entry.get("id"), str):
        yield entry["id"]
    for key in ("technique", "subtechnique"):
        for inner in items(entry.get(key)):
            yield from _ids(inner)


__all__ = [
    "LONGEST",
    "Phrase",
    "Piece",
    "announces",
    "by_importance",
    "change_phrase",
    "change_words",
    "leaf_phrases",
    "leaf_words",
    "mode_alone",
    "plain",
    "query_heading",
    "query_words",
    "repaired",
    "rule_phrases",
    "rule_words",
    "short",
]
