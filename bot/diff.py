"""Two sets of rules to what changed between them: matched by id, compared leaf by leaf, sorted into categories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bot import span
from bot.model import (
    Absent,
    Category,
    Change,
    ChangeSet,
    KeyPath,
    Kind,
    NoRule,
    Parsed,
    QueryChange,
    Rule,
    RuleChange,
    Status,
    Table,
    Unevaluated,
    Unreadable,
    exact,
    is_list,
    is_table,
    same,
)
from bot.settings import DEPRECATED, NOTICE_PREFIX, Settings

_KEYS: Mapping[Category, tuple[str, str]] = {  # keys under [rule], keys under [metadata]
    Category.LOGIC: (
        (
            "type query language filters threshold new_terms threat_query threat_language threat_filters "
            "threat_mapping threat_indicator_path machine_learning_job_id anomaly_threshold event_category_override "
            "timestamp_field tiebreaker_field alert_suppression"
        ),
        "",
    ),
    Category.SCOPE: ("index data_view_id threat_index saved_id", "integration"),
    Category.SCHEDULE: ("from to interval timestamp_override max_signals throttle", ""),
    Category.SEVERITY: ("severity risk_score severity_mapping risk_score_mapping", ""),
    Category.THREAT: ("threat threat_mappings", ""),
    Category.LIFECYCLE: ("building_block_type enabled", "maturity deprecation_date deprecated_reason"),
    Category.COMPATIBILITY: (
        "",
        "ecs_version ecs_versions min_stack_version min_stack_comments query_schema_validation promotion os_type_list",
    ),
    Category.IDENTITY: ("rule_id name author license rule_name_override version revision", "creation_date"),
    Category.TAXONOMY: ("tags", ""),
    Category.DOCS: (
        "description note setup references false_positives investigation_fields timeline_id timeline_title",
        "",
    ),
    Category.RESPONSE: ("actions response_actions exceptions_list meta outcome", ""),
    Category.BOOKKEEPING: ("", "updated_date comments extended"),
}
_DETECTS = frozenset({Category.LOGIC, Category.SCOPE})
_Comparing = Callable[[Rule, Rule], QueryChange | None]

_RULE_KEYS = {key: category for category, (keys, _) in _KEYS.items() for key in keys.split()}
_METADATA_KEYS = {key: category for category, (_, keys) in _KEYS.items() for key in keys.split()}

SET_LIKE = frozenset(
    {("rule", key) for key in ("tags", "index", "references", "false_positives", "author")}
    | {("metadata", "integration"), ("metadata", "ecs_version")}
)
"""Lists whose order means nothing, but for index patterns that exclude."""

_INDEX = ("rule", "index")
_NAMES = frozenset(
    {("rule", key) for key in ("index", "threat_index", "machine_learning_job_id")}
    | {("rule", "threshold", "field"), ("metadata", "integration")}
)
_NOTHING = frozenset({("rule", "filters"), ("rule", "threat_filters"), ("rule", "threshold", "cardinality")})
_THREAT_INDEX = ("rule", "threat_index")
_HISTORY = ("rule", "new_terms", "history_window_start")
_INDICATORS = ("rule", "threat_query")
_LANGUAGE = ("rule", "language")
_SPANS: Mapping[tuple[str, ...], Callable[[object], int | None]] = {
    ("rule", "interval"): span.seconds,
    ("rule", "from"): span.back,
    ("rule", "to"): span.back,
}

_DEFAULTS: Mapping[tuple[str, ...], object] = {
    ("rule", "interval"): "5m",
    ("rule", "from"): "now-6m",
    ("rule", "to"): "now",
    ("rule", "max_signals"): 100,
    ("rule", "event_category_override"): "event.category",
    ("rule", "timestamp_field"): "@timestamp",
}
"""What a rule runs with where it says nothing."""


def category_of(path: Sequence[str]) -> Category:
    """Return the category of a key; an unknown one under ``[rule]`` is logic, for unknown is never quietly harmless."""
    table, key = path[0], path[1] if len(path) > 1 else ""
    if table == "rule":
        return _RULE_KEYS.get(key, Category.LOGIC)
    if table == "transform":
        return Category.DOCS
    if table == "metadata":
        return Category.COMPATIBILITY if key.startswith("bypass_") else _METADATA_KEYS.get(key, Category.BOOKKEEPING)
    return Category.BOOKKEEPING


def is_known(path: Sequence[str]) -> bool:
    """Tell whether a key is one that this module has a category for."""
    return path[0] != "rule" or len(path) == 1 or path[1] in _RULE_KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The two sides of one rule; never both None."""

    before: Rule | Unreadable | None
    after: Rule | Unreadable | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """Which file of the base is which file of the head.

    Attributes:
        skipped: files that are no rules on either side.
        unevaluated: files that came or went, or moved from or to where nothing can be read.
        ruleless: whether a file that is no rule went while another came, which may be the same.
    """

    pairs: tuple[Pair, ...]
    skipped: int = 0
    unevaluated: tuple[Unevaluated, ...] = ()
    ruleless: bool = False

    @property
    def has_leftovers(self) -> bool:
        """Whether a removed and an added file are left that only git's rename detection could still match."""
        rules = any(pair.after is None for pair in self.pairs) and any(pair.before is None for pair in self.pairs)
        return rules or self.ruleless

    def leftovers(self) -> Iterator[str]:
        """Yield the paths of the rules without a counterpart."""
        for pair in self.pairs:
            subject = pair.after or pair.before
            if subject is not None and (pair.after is None or pair.before is None):
                yield subject.path


def pair(old: Mapping[str, Parsed], new: Mapping[str, Parsed], renames: Mapping[str, str] | None = None) -> Pairing:
    """Match the files of both sides: same path and id, same id elsewhere, same path, git's renames.

    Args:
        old: path to file, at the merge base; only files that changed.
        new: the same at the head.
        renames: new path to old path, what git holds to be renamed.
    """
    before = {path: each for path, each in sorted(old.items()) if not isinstance(each, NoRule)}
    after: dict[str, Rule | Unreadable] = {}
    went = {path for path, each in old.items() if isinstance(each, NoRule) and path not in new}
    skipped, came = set(went), False
    for path, each in sorted(new.items()):
        if not isinstance(each, NoRule):
            after[path] = each
        elif isinstance(old.get(path), NoRule):
            skipped.add(path)
        elif path not in old and (origin := (renames or {}).get(path)) in went:
            skipped -= {origin}  # one file, moved
            skipped.add(path)
        else:
            after[path] = _ruleless(each)
            came = came or path not in old

    matched: dict[str, str] = {}  # new path to old path
    for path, head in after.items():
        base = before.get(path)
        if base is not None and (isinstance(head, Unreadable) or _same_id(base, head)):
            matched[path] = path
    _match_moved(before, after, matched)
    taken = set(matched.values())
    matched |= {path: path for path in after if path not in matched and path in before and path not in taken}
    taken = set(matched.values())
    for path, origin in sorted((renames or {}).items()):
        if path in after and path not in matched and origin in before and origin not in taken:
            matched[path] = origin
            taken.add(origin)

    pairs = [
        Pair(before=before[matched[path]] if path in matched else None, after=head) for path, head in after.items()
    ]
    pairs += [Pair(before=base, after=None) for path, base in before.items() if path not in taken]
    return Pairing(pairs=tuple(pairs), skipped=len(skipped), ruleless=came and bool(went))


def without_guesses(pairing: Pairing, old: Mapping[str, Parsed], new: Mapping[str, Parsed], absent: Absent) -> Pairing:
    """Leave out rules that seem to come or go where a file that cannot be read may be their other side.

    Args:
        pairing: of the paths that can be read on both sides, as far as they are there.
        old: what can be read of the base, the other side of an absent file too.
        new: the same of the head.
        absent: what cannot be read; a new file may be any rule that went, a gone one any rule that came.
    """
    came = any(path not in old and path not in absent.old for path in absent.new)
    went = any(path not in new and path not in absent.new for path in absent.old)
    were, are = _ids(old, absent.new), _ids(new, absent.old)
    kept: list[Pair] = []
    left: list[Unevaluated] = []
    for pair in pairing.pairs:
        before, after = pair.before, pair.after
        if after is None and before is not None and (came or _id(before) in are):
            reason = "whether it was removed or moved cannot be told: a file that cannot be read may hold it now"
            left.append(Unevaluated(path=before.path, reason=reason))
        elif before is None and isinstance(after, Rule) and (went or after.rule_id in were):
            reason = "whether it is new or was moved cannot be told: a file that cannot be read may have held it"
            left.append(Unevaluated(path=after.path, reason=reason))
        else:
            kept.append(pair)
    return replace(pairing, pairs=tuple(kept), unevaluated=tuple(left))


def _ids(files: Mapping[str, Parsed], paths: Iterable[str]) -> frozenset[str]:
    """Return the ids at some paths."""
    rules = (files.get(path) for path in paths)
    return frozenset(each.rule_id for each in rules if isinstance(each, Rule) and each.rule_id is not None)


def _id(file: Rule | Unreadable) -> str | None:
    return file.rule_id if isinstance(file, Rule) else None


def _ruleless(file: NoRule) -> Unreadable:
    reason = "it has no [rule] table (if it is no rule, leave it out with rules.exclude)"
    return Unreadable(path=file.path, reason=reason, line=1, column=1, oid=file.oid)


def _same_id(base: Rule | Unreadable, head: Rule | Unreadable) -> bool:
    return (
        isinstance(base, Rule) and isinstance(head, Rule) and base.rule_id is not None and base.rule_id == head.rule_id
    )


def _match_moved(
    before: Mapping[str, Rule | Unreadable], after: Mapping[str, Rule | Unreadable], matched: dict[str, str]
) -> None:
    """Match rules whose id stands at another path now, their old file holding it no more."""
    taken = set(matched.values())
    homes: dict[str, list[str]] = {}
    for path, base in before.items():
        if path not in taken and isinstance(base, Rule) and base.rule_id is not None:
            homes.setdefault(base.rule_id, []).append(path)
    for path, head in after.items():
        if path not in matched and isinstance(head, Rule) and head.rule_id is not None and homes.get(head.rule_id):
            matched[path] = homes[head.rule_id].pop(0)


def diff(
    pairing: Pairing,
    settings: Settings,
    *,
    unevaluated: Sequence[Unevaluated] = (),
    compare: _Comparing | None = None,
) -> ChangeSet:
    """Say what happened to each rule; ``compare`` tells what became of a query, None for what ``bot.query`` says."""
    rules = [_compare(pair, settings, compare) for pair in pairing.pairs]
    return ChangeSet(
        rules=tuple(sorted(rules, key=lambda change: (change.path, change.previous_path or ""))),
        unevaluated=tuple(sorted((*unevaluated, *pairing.unevaluated), key=lambda each: each.path)),
        skipped=pairing.skipped,
    )


def _explained(change: RuleChange, base: Rule, head: Rule, compare: _Comparing | None) -> RuleChange:
    """Say what became of the query, and of what stands around it."""
    from bot import query as queries  # an audit, and a review of tags alone, do without it

    comparing = compare or queries.compare
    query = comparing(base, head) if change.changed("rule", "query") else None
    around = queries.around(base, head)
    alike: set[KeyPath] = set()
    if queries.moved_whole(base, head) or queries.data_views(base, head):
        alike.add(_INDEX)
    if queries.indicators_reformatted(base, head):
        alike.add(_INDICATORS)
    language = queries.language_of(base)
    if language == queries.language_of(head) and all(each.get(*_LANGUAGE) in (None, language) for each in (base, head)):
        alike.add(_LANGUAGE)
    if any(leaf.path in alike for leaf in change.changes):
        leaves = (replace(leaf, rewritten=True) if leaf.path in alike else leaf for leaf in change.changes)
        change = replace(change, changes=tuple(leaves))
    if query is not None:  # told with the query, and apart from its verdict
        told = (around, query.explanation) if query.apart else (query.explanation, around)
        query = replace(query, explanation=tuple(line for lines in told for line in lines))
    return replace(change, query=query, around=around)


def _compare(pair: Pair, settings: Settings, compare: _Comparing | None) -> RuleChange:
    before, after = pair.before, pair.after
    subject = after or before
    if subject is None:  # a Pair has a side
        raise ValueError("a pair with no side")
    moved = before is not None and after is not None and before.path != after.path
    if before is None:
        status = Status.ADDED
    elif after is None:
        status = Status.REMOVED
    else:
        status = Status.RENAMED if moved else Status.MODIFIED
    change = RuleChange(
        path=subject.path,
        previous_path=before.path if moved and before is not None else None,
        status=status,
        kind=Kind.COSMETIC,
        before=before,
        after=after,
    )
    base, head = change.base, change.head
    if base is not None and head is not None and base.text != head.text:
        leaves = tuple(leaf_changes(base.data, head.data))
        change = replace(change, changes=leaves)
        if any(leaf.category in _DETECTS for leaf in leaves):
            change = _explained(change, base, head, compare)
    return replace(change, kind=_kind(change, settings))


def leaf_changes(before: Table, after: Table) -> Iterator[Change]:
    """Walk both rules at once, skipping what is equal; sorted by path."""
    old, new = dict(leaves(before)), dict(leaves(after))
    for path in sorted(old.keys() | new.keys()):
        one, other = old.get(path), new.get(path)
        if not _equal(path, one, other):
            yield Change(
                path=path,
                category=category_of(path),
                before=one,
                after=other,
                known=is_known(path),
                rewritten=_rewritten(path, one, other),
            )


def leaves(table: Table, at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """Yield every leaf of a table: tables are walked, an empty one is a leaf, a list is one leaf."""
    for key, value in table.items():
        if is_table(value) and value:
            yield from leaves(value, (*at, key))
        else:
            yield (*at, key), value


def _rewritten(path: tuple[str, ...], one: object, other: object) -> bool:
    """Tell whether two values that differ mean the same: a name and a list of it, another order, a default, a span."""
    if path in _NAMES and is_list(one) != is_list(other):
        return same(*(each if is_list(each) else [each] for each in (one, other)))
    if path in _NOTHING and all(each is None or each == [] for each in (one, other)):
        return True
    if path == _HISTORY and is_list(one) and is_list(other):  # in order, for the first entry alone counts
        return same(*([_back(each) for each in side] for side in (one, other)))
    if path in _UNORDERED and is_list(one) and is_list(other):
        ours, theirs = (Counter(exact(_UNORDERED[path](item)) for item in side) for side in (one, other))
        return ours == theirs and not (path == _THREAT_INDEX and _reordered(one, other))
    one, other = (_DEFAULTS.get(path) if each is None else each for each in (one, other))
    reads = _SPANS.get(path)
    return same(one, other) or (reads is not None and reads(one) is not None and reads(one) == reads(other))


def _back(start: object) -> object:
    """Return a start of a history with its span in seconds, where that can be read."""
    seconds = span.back(start.get("value")) if is_table(start) else None
    return start if seconds is None or not is_table(start) else {**start, "value": f"now-{seconds}s"}


def _asked(entry: object) -> object:
    """Return a filter of Kibana's without what only its editor shows: beside a query, which runs, its values."""
    if not is_table(entry):
        return entry
    kept = {key: value for key, value in entry.items() if key != "$state"}
    meta, query = entry.get("meta"), entry.get("query")
    if is_table(meta):
        told = is_table(query) and query and meta.get("type") != "combined"
        shown = {"alias", "params", "value"} if told else {"alias"}
        kept["meta"] = {key: value for key, value in meta.items() if key not in shown}
    return kept


def _together(item: object) -> object:
    """Return an item of a threat mapping whose entries hold together, in any order."""
    entries = item.get("entries") if is_table(item) else None
    return {**item, "entries": frozenset(map(exact, entries))} if is_table(item) and is_list(entries) else item


def _itself(item: object) -> object:
    return item


_UNORDERED: Mapping[tuple[str, ...], Callable[[object], object]] = {
    ("rule", "filters"): _asked,
    ("rule", "threat_filters"): _asked,
    _THREAT_INDEX: _itself,
    ("rule", "threat_mapping"): _together,
    ("rule", "machine_learning_job_id"): _itself,
    ("rule", "threshold", "field"): _itself,
    ("rule", "new_terms", "value"): _itself,
    ("rule", "alert_suppression", "group_by"): _itself,
}
"""Lists that are told where their order changes, though it means nothing, and what each of their items means."""


def _equal(path: tuple[str, ...], one: object, other: object) -> bool:
    if path in SET_LIKE and is_list(one) and is_list(other):
        alike = {exact(item) for item in one} == {exact(item) for item in other}
        return alike and not (path == _INDEX and _reordered(one, other))
    return same(one, other)


def _reordered(one: list[object], other: list[object]) -> bool:
    """Tell whether an exclusion among index patterns takes out something else where it stands now."""
    if one == other or not any(isinstance(each, str) and "-" in {each[:1], each.partition(":")[2][:1]} for each in one):
        return False
    from bot.query import index  # few rules exclude indices

    return index.reordered(index.names(one), index.names(other))


def _kind(change: RuleChange, settings: Settings) -> Kind:
    """Return the first kind that holds, in the contract's order."""
    if isinstance(change.after, Unreadable):
        return Kind.UNREADABLE
    base, head = change.base, change.head
    if head is None:
        return Kind.REMOVAL
    if base is None:
        return Kind.NEW
    return _life_kind(base, head, settings) or _content_kind(change)


def _life_kind(base: Rule, head: Rule, settings: Settings) -> Kind | None:
    retired = settings.rules.retired
    was, now = settings.is_deprecated(base.path, base.maturity), settings.is_deprecated(head.path, head.maturity)
    gained = (head.name or "").startswith(NOTICE_PREFIX) and not (base.name or "").startswith(NOTICE_PREFIX)
    became = head.maturity == DEPRECATED != base.maturity
    if became or gained or (head.path in retired and base.path not in retired):
        return Kind.DEPRECATION
    if was and not now:
        return Kind.RESTORATION
    states = settings.maturity
    before, after = states.order(base.maturity), states.order(head.maturity)
    if before < 0 or after < 0 or before == after:
        return None
    return Kind.PROMOTION if after > before else Kind.DEMOTION


def _content_kind(change: RuleChange) -> Kind:
    if change.changed("rule") or change.changed("transform"):
        return Kind.TUNING
    if change.changes:
        return Kind.METADATA
    return Kind.RENAME if change.status is Status.RENAMED else Kind.COSMETIC


__all__ = ["Pair", "Pairing", "category_of", "diff", "leaf_changes", "leaves", "pair", "without_guesses"]
