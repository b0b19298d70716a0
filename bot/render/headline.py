"""The first lines of every surface for people: what a change does, in counts that add up, and the verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.asking import NO_RULE_FILES
from bot.model import Category, Change, KeyPath, Kind, QueryVerdict, Review, RuleChange, Verdict
from bot.render.fold import FOLD_FROM, INTEGRATION, SUPPRESSION, count, detects, edit_of
from bot.report import finding_counts
from bot.told import again, finished
from bot.words import Phrase, Piece, announces, excused_word, leaf_phrases, mode_alone, plain, repaired

_WHOLE = {
    Kind.NEW: ("is new", "are new"),
    Kind.REMOVAL: ("is removed", "are removed"),
    Kind.DEPRECATION: ("is deprecated", "are deprecated"),
    Kind.RESTORATION: ("is restored", "are restored"),
    Kind.PROMOTION: ("is promoted", "are promoted"),
    Kind.DEMOTION: ("is demoted", "are demoted"),
    Kind.UNREADABLE: ("cannot be read", "cannot be read"),
}
_GOING = frozenset({Kind.REMOVAL, Kind.DEPRECATION, Kind.DEMOTION, Kind.UNREADABLE})
"""What takes coverage away, or may, without an edit of what is detected: nobody may read first that nothing changes."""

_LIFE = frozenset({Kind.DEPRECATION, Kind.RESTORATION, Kind.PROMOTION, Kind.DEMOTION})
"""Kinds that say themselves what became of the maturity."""

_ONE_SIDED = frozenset({Kind.NEW, Kind.REMOVAL, Kind.UNREADABLE})
_EDITED = frozenset({Kind.TUNING, Kind.METADATA})
_INDICES = frozenset({"index", "threat_index"})
_DATA_VIEW = "data_view_id"
_QUERY = ("rule", "query")
_CATEGORIES = {
    Category.SCHEDULE: "schedule",
    Category.SEVERITY: "severity",
    Category.THREAT: "threat mapping",
    Category.RESPONSE: "response actions",
    Category.LIFECYCLE: "lifecycle",
    Category.COMPATIBILITY: "compatibility",
    Category.IDENTITY: "identity",
    Category.TAXONOMY: "tags",
    Category.DOCS: "docs",
}
_ALONE = ("the query's text only", "only how values are written", "bookkeeping only")
_INDICES_TOPIC = "indices"
_INTEGRATION_TOPIC, _META = "integration", "meta"
_NO_RESPONSE = frozenset({("rule", "meta"), ("rule", "outcome")})
"""Keys among the response that say nothing of what happens with an alert."""

_ALERTS: Mapping[KeyPath, str] = {("rule", "exceptions_list"): "exceptions", SUPPRESSION: "suppression"}
"""What decides which events become alerts beside what a rule asks."""

_TOPICS = (_INDICES_TOPIC, "maturity", *_ALERTS.values(), *_CATEGORIES.values(), _INTEGRATION_TOPIC, _META, *_ALONE)
_LOUD = frozenset({"schedule", "severity", "maturity", "lifecycle", *_ALERTS.values()})
"""What is told of every rule in which it changes, whatever else is said; indices where a claim does not tell them."""

_CLAIMS = {
    QueryVerdict.NARROWED: "narrowed",
    QueryVerdict.BROADENED: "broadened",
    QueryVerdict.NARROWED_OR_EQUAL: "narrowed or equal",
    QueryVerdict.BROADENED_OR_EQUAL: "broadened or equal",
    QueryVerdict.CHANGED: "changed both ways",
    QueryVerdict.UNKNOWN: "effect unknown",
}
_SETTINGS = {
    "type": "another rule type",
    "language": "another language",
    "filters": "other filters",
    "threshold": "another threshold",
    "new_terms": "other new terms",
    "machine_learning_job_id": "another job",
    "anomaly_threshold": "another anomaly threshold",
    **dict.fromkeys(("threat_query", "threat_language", "threat_filters", "threat_mapping"), "other indicator matches"),
}
"""What each setting is called where nothing else of a rule's logic changes; another type goes before them."""

_OTHER_INDICES = ("other indices", "another data view")


def first_line(review: Review) -> tuple[str, tuple[Phrase, ...]]:
    """Return what changes in what is detected, and what changes beside."""
    changes = [rule.change for rule in review.rules]
    if not changes:
        if review.unevaluated:
            return "No change could be judged", ()
        return "No file here is a rule" if _of_nothing(review) else "No rule changes", ()
    changed = [change for change in changes if detects(change)]
    number, total = len(changed), len(changes)
    if not changed:
        existing = not any(map(_goes, changes)) and any(change.kind is not Kind.NEW for change in changes)
        lead = f"Nothing changes in what {'existing ' if total > 1 else ''}rules detect" if existing else ""
    else:
        lead = count(number, "rule") if number == total else f"{number:,} of {count(total, 'rule')}"
        lead += " changes what it detects" if number == 1 else " change what they detect"
    alike = _alike(changed)
    claims = ", ".join(_alike_words(alike, changed) if alike else _claimed(changed))
    beside = tuple(_beside(changes, alike))
    if not lead and beside:
        return plain(beside[0]), beside[1:]
    return finished(lead + (f": {claims}" if claims else "")), beside


def _goes(change: RuleChange) -> bool:
    """Tell whether events may be alerted on no more, or again, though no query, filter or index says so."""
    going = change.kind in _GOING and not announces(change)
    return going or repaired(change) or any(leaf.path[:2] in _ALERTS and not leaf.rewritten for leaf in change.changes)


def _claimed(changed: list[RuleChange]) -> Iterator[str]:
    """Say in which direction, with how many where several changed."""
    claims = Counter(_claim(change) for change in changed)
    for claim, number in claims.items():
        yield claim if len(changed) == 1 else f"{number:,} {claim}"


def _alike(changed: list[RuleChange]) -> tuple[str, ...]:
    """Return the edit that most of them have in common, empty where none is that of the most."""
    groups = Counter(told for told in map(edit_of, changed) if told)
    (told, number), *_ = groups.most_common(1) or [((), 0)]
    return () if number < FOLD_FROM or number * 2 < len(changed) else told


def _alike_words(alike: tuple[str, ...], changed: list[RuleChange]) -> Iterator[str]:
    """Say what most of them have in common, and how many differ."""
    left = sum(edit_of(change) != alike for change in changed)
    how = f"{len(changed) - left:,}" if left else "all"
    yield f"{how} alike ({', '.join(map(again, alike))})"
    if left:
        yield f"{left:,} {'differs' if left == 1 else 'differ'}"


def _claim(change: RuleChange) -> str:
    query = change.query
    if query is not None and query.apart:
        return f"another {query.apart}"
    real = [leaf for leaf in change.changes if not leaf.rewritten]
    logic = [leaf for leaf in real if leaf.category is Category.LOGIC and leaf.path[:2] not in {_QUERY, SUPPRESSION}]
    setting = _setting(logic) if logic else ""
    if query is not None and query.verdict in _CLAIMS:
        claim = _CLAIMS[query.verdict]  # of the query alone: another filter or threshold may do the reverse
        return f"query {claim} and {setting}" if setting and query.verdict is not QueryVerdict.UNKNOWN else claim
    if setting:
        return setting
    keys = {leaf.path[-1] for leaf in real if leaf.category is Category.SCOPE}
    indices, data_view = _OTHER_INDICES
    if keys & _INDICES:
        return indices
    saved = "another saved query" if "saved_id" in keys else _CLAIMS[QueryVerdict.UNKNOWN]
    return data_view if _DATA_VIEW in keys else saved


def _setting(leaves: Sequence[Change]) -> str:
    """Name the one setting that is another now, where it is one."""
    if not any(leaf.known for leaf in leaves):
        return "an unknown key"
    keys = {leaf.path[1] for leaf in leaves}
    names = {_SETTINGS.get(key, "") for key in keys & {"type"} or keys}
    return (names.pop() if len(names) == 1 else "") or "another filter or setting"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edit:
    """One edited rule, with what is told of it leaf by leaf; what its kind says already is left out.

    Where too few rules are edited to have something in common, nothing is told of a leaf.
    """

    change: RuleChange
    leaves: tuple[tuple[Change, Phrase], ...]

    def shares(self, common: Phrase | None) -> bool:
        """Tell whether it does what most rules do."""
        return any(phrase == common for _, phrase in self.leaves)

    def topics(self, common: Phrase | None) -> list[str]:
        """Return what it is about, in order, without what was said already of most rules."""
        told = {_topic(leaf) for leaf, phrase in self.leaves if phrase == common}
        about = {_topic(leaf) for leaf, _ in self.leaves}
        return [topic for topic in _TOPICS if topic in about - told]

    def main_topic(self, topics: Sequence[str], common: Phrase | None) -> str:
        """Return the topic that it is counted for where it is told of nowhere else, empty for none."""
        if self.change.kind not in _EDITED or detects(self.change):
            return ""
        if topics or self.shares(common):
            return topics[0] if topics else ""
        query, notation, bookkeeping = _ALONE
        if self.change.changed("rule", "query"):
            return query
        return notation if any(leaf.rewritten for leaf in self.change.changes) else bookkeeping


def _edit(change: RuleChange, *, alone: bool) -> _Edit:
    announced, living = announces(change), change.kind in _LIFE

    def says(leaf: Change) -> bool:
        if announced:
            return leaf.path == ("rule", "name")
        return living and leaf.category is Category.LIFECYCLE

    told = ((leaf, ()) for leaf in change.changes) if alone else leaf_phrases(change)
    return _Edit(change=change, leaves=tuple((leaf, phrase) for leaf, phrase in told if not says(leaf)))


def _topic(leaf: Change) -> str:
    if leaf.rewritten:
        return ""
    if leaf.path == INTEGRATION:
        return _INTEGRATION_TOPIC
    if leaf.category is Category.SCOPE:
        return _INDICES_TOPIC if leaf.path[-1] in _INDICES | {_DATA_VIEW} else ""
    if leaf.path[:2] in _ALERTS:
        return _ALERTS[leaf.path[:2]]
    if leaf.path[:2] in _NO_RESPONSE:
        return _META
    return "maturity" if leaf.path == ("metadata", "maturity") else _CATEGORIES.get(leaf.category, "")


def _indices_told(change: RuleChange, alike: tuple[str, ...]) -> bool:
    """Tell whether the claim about what a rule detects says already that its indices are others."""
    return edit_of(change) == alike if alike else _claim(change) in _OTHER_INDICES


def _common(edits: Sequence[_Edit], total: int) -> Phrase | None:
    """Return what most rules have in common, whatever else they do; None where that is nothing."""
    shared = Counter(
        phrase
        for edit in edits
        for phrase in dict.fromkeys(
            phrase
            for leaf, phrase in edit.leaves
            if not (leaf.path == ("rule", "query") and detects(edit.change))  # counted by its edits already
        )
    )
    common, number = shared.most_common(1)[0] if shared else (None, 0)
    return common if number >= FOLD_FROM and number * 2 >= total else None


def _beside(changes: list[RuleChange], alike: tuple[str, ...]) -> Iterator[Phrase]:
    """Say what else happens: what comes and goes, what most rules share, then what else changes in how many."""
    yield from _coming_and_going(changes)
    edited = [change for change in changes if change.kind not in _ONE_SIDED]
    alone = len(edited) < FOLD_FROM
    edits = [_edit(change, alone=alone) for change in edited]
    common = None if alone else _common(edits, len(changes))
    sharing = [edit for edit in edits if edit.shares(common)]
    if common:
        yield (Piece(f"{count(len(sharing), 'rule')}: "), *common)
    shared = {_topic(leaf) for edit in sharing[:1] for leaf, phrase in edit.leaves if phrase == common}
    numbers, shown = Counter[str](), set(_LOUD)
    for edit in edits:
        topics = edit.topics(common)
        main = edit.main_topic(topics, common)
        shown.add(main)
        if _INDICES_TOPIC in topics and not _indices_told(edit.change, alike):
            shown.add(_INDICES_TOPIC)
        numbers.update({*topics, main})
    for topic in _TOPICS:
        if topic in shown and numbers[topic]:
            rules = count(numbers[topic], "more rule" if topic in shared else "rule")
            yield (Piece(f"{rules} {'changes' if numbers[topic] == 1 else 'change'} {topic}"),)
    kinds = Counter(change.kind for change in changes)
    yield from _plainly(kinds[Kind.RENAME], "only moves", "only move")
    modes = sum(map(mode_alone, changes))
    yield from _plainly(kinds[Kind.COSMETIC] - modes, "changes layout only", "change layout only")
    yield from _plainly(modes, "changes the mode of its file only", "change the mode of their files only")


def _coming_and_going(changes: list[RuleChange]) -> Iterator[Phrase]:
    kinds = Counter(change.kind for change in changes)
    announced, legible = sum(map(announces, changes)), sum(map(repaired, changes))
    kinds[Kind.DEPRECATION] -= announced
    kinds[Kind.NEW] -= legible
    for kind, (one, several) in _WHOLE.items():
        yield from _plainly(kinds[kind], one, several)
        if kind is Kind.DEPRECATION:
            yield from _plainly(announced, "announces its deprecation", "announce their deprecation")
        if kind is Kind.UNREADABLE:
            yield from _plainly(legible, "can be read now", "can be read now")


def _plainly(number: int, one: str, several: str) -> Iterator[Phrase]:
    if number:
        yield (Piece(f"{count(number, 'rule')} {one if number == 1 else several}"),)


_VERDICTS = {
    Verdict.INCOMPLETE: "Incomplete",
    Verdict.BLOCK: "Blocked",
    Verdict.WARN: "Passed with warnings",
    Verdict.PASS: "Passed",
}


def verdict_line(review: Review) -> tuple[str, str]:
    """Return the verdict in a word or two, and its counts."""
    numbers = finding_counts(review.all_findings())
    excused = Counter(excused_word(each.waived) for each in review.all_findings() if each.waived is not None)
    parts = [count(len(review.unevaluated), "file") + " could not be judged"] if review.unevaluated else []
    parts += [count(numbers[level], level) for level in ("error", "warning", "notice") if numbers[level]]
    parts += [f"{excused[word]:,} {word}" for word in ("waived", "excepted") if excused[word]]
    parts += [f"{count(review.skipped, 'TOML file')} skipped: no rule"] if review.skipped else []
    return "Nothing reviewed" if passed_nothing(review) else _VERDICTS[review.verdict], ", ".join(parts)


def passed_nothing(review: Review) -> bool:
    """Tell whether a review passes only because there was no rule to review."""
    return review.verdict is Verdict.PASS and _of_nothing(review)


def _of_nothing(review: Review) -> bool:
    return not review.rules and any(each.policy == NO_RULE_FILES for each in review.findings)


__all__ = ["first_line", "passed_nothing", "verdict_line"]
