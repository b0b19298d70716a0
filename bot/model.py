"""The nouns every stage speaks in: frozen, and importing nothing of ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import ClassVar, TypeAlias, TypeGuard, cast

KeyPath: TypeAlias = "tuple[str | int, ...]"
"""Where a value stands in a rule: ``("rule", "threat", 0, "technique", 1, "id")``."""

Table: TypeAlias = Mapping[str, object]
"""A TOML table as tomli gives it."""

NO_TABLE: Table = {}
_value_at = cast("Callable[[object, str | int], object]", dict[str, object].get)


class RulewardError(Exception):
    """Something the user has to put right; caught once, in the command line.

    Attributes:
        status: the exit status of the process, 2 for usage and config, 3 for an incomplete review.
        located: whether the message begins with its file and line already.
    """

    def __init__(self, message: str, *, status: int = 2, located: bool = False) -> None:
        """Keep the sentence that the user will read, and the exit status."""
        super().__init__(message)
        self.status = status
        self.located = located


class Level(StrEnum):
    """How loud a finding is, the loudest first."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"
    OFF = "off"

    @property
    def rank(self) -> int:
        """0 for an error, growing as it gets quieter; sorts and compares levels."""
        return _LEVEL_RANK[self]


_LEVEL_RANK = {level: rank for rank, level in enumerate(Level)}


def quieter(one: Level, other: Level) -> Level:
    """Return the less severe of two levels."""
    return max(one, other, key=lambda level: level.rank)


class Category(StrEnum):
    """What a change is about; every key of a rule has one (CONTRACT, section 3)."""

    LOGIC = "logic"
    SCOPE = "scope"
    SCHEDULE = "schedule"
    SEVERITY = "severity"
    THREAT = "threat"
    LIFECYCLE = "lifecycle"
    COMPATIBILITY = "compatibility"
    IDENTITY = "identity"
    TAXONOMY = "taxonomy"
    DOCS = "docs"
    RESPONSE = "response"
    BOOKKEEPING = "bookkeeping"


class Kind(StrEnum):
    """What a pull request did to one rule, in a word."""

    NEW = "new"
    TUNING = "tuning"
    DEPRECATION = "deprecation"
    PROMOTION = "promotion"
    DEMOTION = "demotion"
    RESTORATION = "restoration"
    REMOVAL = "removal"
    RENAME = "rename"
    METADATA = "metadata"
    COSMETIC = "cosmetic"
    UNREADABLE = "unreadable"


class Status(StrEnum):
    """What happened to the file; a renamed one may be edited too."""

    ADDED = "added"
    MODIFIED = "modified"
    REMOVED = "removed"
    RENAMED = "renamed"


class Op(StrEnum):
    """What happened to one leaf."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Verdict(StrEnum):
    """The outcome of a whole review; the first that holds."""

    INCOMPLETE = "incomplete"
    BLOCK = "block"
    WARN = "warn"
    PASS = "pass"


class QueryVerdict(StrEnum):
    """What an edit of a query does to the events it matches; a claim with a certificate."""

    COSMETIC = "cosmetic"
    EQUIVALENT = "equivalent"
    NARROWED = "narrowed"
    BROADENED = "broadened"
    NARROWED_OR_EQUAL = "narrowed-or-equal"
    BROADENED_OR_EQUAL = "broadened-or-equal"
    CHANGED = "changed"
    UNKNOWN = "unknown"


class Past(StrEnum):
    """What the base's history says of a blob that the head brings back."""

    NOT_ASKED = "not-asked"
    HELD = "held"
    NOT_HELD = "not-held"
    OUT_OF_REACH = "out-of-reach"


_DATE = re.compile(r"(\d{4})/(\d{2})/(\d{2})", re.ASCII)


def parse_date(value: object) -> date | None:
    """Read ``YYYY/MM/DD`` and nothing else; None for anything that is no day of the calendar."""
    return _day(value) if isinstance(value, str) else None


@lru_cache(maxsize=4096)  # rules that were edited together share their dates, and each is asked for several times
def _day(text: str) -> date | None:
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    try:
        return date(*map(int, match.groups()))
    except ValueError:
        return None


def format_date(day: date) -> str:
    """Write a day as rules write it, ``YYYY/MM/DD``."""
    return day.isoformat().replace("-", "/")


_BARE = re.compile(r"[A-Za-z0-9_-]+")
_UNWRITABLE = re.compile(r'[\x00-\x1f\x7f"\\]')
_ESCAPES = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def toml_string(value: str) -> str:
    """Quote a string as a TOML basic string on one line."""
    return '"' + _UNWRITABLE.sub(lambda match: _ESCAPES.get(match[0], f"\\u{ord(match[0]):04x}"), value) + '"'


def dotted(path: KeyPath) -> str:
    """Write a key path as TOML would, list items in brackets: ``rule.threat[0]."odd key"``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (part if _BARE.fullmatch(part) else toml_string(part))
    return text


def is_table(value: object) -> TypeGuard[dict[str, object]]:
    """Tell whether a parsed value is a table."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[object]]:
    """Tell whether a parsed value is a list."""
    return isinstance(value, list)


def items(value: object) -> list[object]:
    """Return the items of a list, none for anything else."""
    return value if is_list(value) else []


def exact(value: object) -> Hashable:
    """Return a parsed value in a form that compares and hashes by type and value: ``1``, ``1.0``, ``true`` differ."""
    if is_table(value):
        return ("table", frozenset((key, exact(each)) for key, each in value.items()))
    if is_list(value):
        return ("list", tuple(map(exact, value)))
    if isinstance(value, tuple):
        return ("tuple", tuple(map(exact, cast("tuple[object, ...]", value))))
    if isinstance(value, float):
        return ("float", repr(value))  # a TOML nan equals itself here
    return (type(value).__name__, value)


def stable(value: object) -> str:
    """Write a parsed value as text: equal by type and value gives equal text, on every machine and in every run."""
    if is_table(value):
        return "{" + ",".join(f"{key!r}:{stable(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(stable, cast("list[object]", value))) + "]"
    if isinstance(value, (set, frozenset)):
        return "(" + ",".join(sorted(map(stable, cast("set[object]", value)))) + ")"
    return f"{type(value).__name__}:{value!r}"


def same(one: object, other: object) -> bool:
    """Tell whether two parsed values are equal by type and value."""
    return one is other or (type(one) is type(other) and exact(one) == exact(other))


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """One file of one side, as git or the working tree gave it.

    Attributes:
        mode: as git writes it, for example ``0o100644``.
        oid: the git blob id, empty for a file that git does not hold.
        size: in bytes.
        data: None where the file is not to be read: no plain file, or larger than the cap.
    """

    SYMLINK: ClassVar = 0o120000
    SUBMODULE: ClassVar = 0o160000
    PLAIN: ClassVar = 0o100644

    path: str
    mode: int = PLAIN
    oid: str = ""
    size: int = 0
    data: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """One rule file that parsed.

    Attributes:
        path: where it stands, with forward slashes, from the top of the repository.
        text: the file, decoded, its line ends as they are.
        data: what tomli made of it.
        oid: the git blob id (40 or 64 hex digits), empty for a file that git does not hold.
    """

    path: str
    text: str
    data: Table
    oid: str = ""

    def get(self, *path: str | int) -> object:
        """Return the value at a key path, None where there is none (TOML has no null)."""
        value: object = self.data
        for part in path:
            if value.__class__ is dict:  # asked a hundred thousand times by an audit
                value = _value_at(value, part)
            elif isinstance(part, int):
                value = value[part] if is_list(value) and -len(value) <= part < len(value) else None
            else:
                return None
        return value

    def table(self, *path: str | int) -> Table:
        """Return the table at a key path, an empty one where there is none."""
        value = self.get(*path)
        return value if is_table(value) else NO_TABLE

    def string(self, *path: str | int) -> str | None:
        """Return the string at a key path, None where there is none or it is something else."""
        value = self.get(*path)
        return value if isinstance(value, str) else None

    @property
    def rule_id(self) -> str | None:
        """``rule.rule_id``, None unless it is a string."""
        return self.string("rule", "rule_id")

    @property
    def name(self) -> str | None:
        """``rule.name``, None unless it is a string."""
        return self.string("rule", "name")

    @property
    def type(self) -> str | None:
        """``rule.type``, None unless it is a string."""
        return self.string("rule", "type")

    @property
    def maturity(self) -> str | None:
        """``metadata.maturity``, None unless it is a string."""
        return self.string("metadata", "maturity")

    @property
    def updated_date(self) -> date | None:
        """``metadata.updated_date`` as a day, None where it is missing or no calendar day."""
        return parse_date(self.get("metadata", "updated_date"))

    @property
    def creation_date(self) -> date | None:
        """``metadata.creation_date`` as a day, None where it is missing or no calendar day."""
        return parse_date(self.get("metadata", "creation_date"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """One rule file that cannot be read as a rule: data, not an exception.

    Attributes:
        reason: what is wrong, in a sentence without a full stop.
        line: 1-based line of the fault, None where the fault has no place (a symlink).
        column: 1-based column in characters, None likewise.
    """

    path: str
    reason: str
    line: int | None = None
    column: int | None = None
    oid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoRule:
    """A TOML file in a rule folder that has no ``[rule]`` table and so may be no rule at all."""

    path: str
    oid: str = ""


Parsed: TypeAlias = "Rule | Unreadable | NoRule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One leaf that differs; None stands for an absent side.

    Attributes:
        known: whether the contract's table has a category for this very key.
        rewritten: whether both sides mean the same and are only written in two ways.
    """

    path: tuple[str, ...]
    category: Category
    before: object
    after: object
    known: bool = True
    rewritten: bool = False

    @property
    def op(self) -> Op:
        """Whether the leaf came, went or changed."""
        if self.before is None:
            return Op.ADDED
        return Op.REMOVED if self.after is None else Op.CHANGED

    @property
    def key(self) -> str:
        """The dotted path, as the report writes it."""
        return dotted(self.path)


Event: TypeAlias = "Mapping[str, tuple[object, ...]]"
"""An event as Elasticsearch sees it: field to the values it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Events that only one side matches: one for an event query, several in order for a sequence.

    Attributes:
        lost: what the old query matches and the new one does not, None where none is claimed.
        gained: the reverse.
    """

    lost: Event | tuple[Event, ...] | None = None
    gained: Event | tuple[Event, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryChange:
    """What an edit of ``rule.query`` means.

    Attributes:
        language: of the new query: kuery, eql, esql, lucene; None where the rule names none.
        explanation: what changed, in a reviewer's words, a line each.
        reason: why nothing could be proven; set exactly when the verdict is unknown.
        apart: ``language`` or ``rule type``, where the sides do not share it and no verdict is possible; else empty.
    """

    language: str | None
    verdict: QueryVerdict
    explanation: tuple[str, ...] = ()
    witness: Witness | None = None
    reason: str | None = None
    apart: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """What a pull request did to one rule.

    Attributes:
        before: the base's side: None for a new rule.
        after: the head's side: None for a removed one.
        changes: the leaves that differ, sorted by path.
        query: what became of the query's meaning, None where its text is the same.
        around: what changed around the query (filters, indices, thresholds, new terms), in words, a line each.
        past: whether the base's history held the head's blob at this path; asked only where a date went backwards.
        state_since: the day on which the base's maturity began; asked only of a promotion, where a policy wants to
            know, and None where the history is out of reach.
    """

    path: str
    previous_path: str | None
    status: Status
    kind: Kind
    before: Rule | Unreadable | None
    after: Rule | Unreadable | None
    changes: tuple[Change, ...] = ()
    query: QueryChange | None = None
    around: tuple[str, ...] = ()
    past: Past = Past.NOT_ASKED
    state_since: date | None = None

    @property
    def base(self) -> Rule | None:
        """The base's rule, None where there was none or it could not be read."""
        return self.before if isinstance(self.before, Rule) else None

    @property
    def head(self) -> Rule | None:
        """The head's rule, None where there is none or it cannot be read."""
        return self.after if isinstance(self.after, Rule) else None

    @property
    def subject(self) -> Rule | None:
        """The rule to speak of: the head's, or the base's where the head has none."""
        return self.head or self.base

    @property
    def categories(self) -> frozenset[Category]:
        """What the change is about, key by key; a query that only looks different puts nothing here."""
        return frozenset(leaf.category for leaf in self.changes if not self._looks_different(leaf))

    @property
    def effects(self) -> frozenset[Category]:
        """What the change means something for: its categories, without values that are only written otherwise."""
        return frozenset(leaf.category for leaf in self.changes if self.means(leaf))

    def means(self, leaf: Change) -> bool:
        """Tell whether a leaf of the change means something else than before, and is not only written otherwise."""
        return not (leaf.rewritten or self._looks_different(leaf))

    def _looks_different(self, leaf: Change) -> bool:
        return leaf.path == ("rule", "query") and self.query is not None and self.query.verdict in SAME_MATCHES

    @property
    def asked(self) -> frozenset[Category]:
        """Every category that a leaf changed in, one that was only rewritten included: what a bump is asked for."""
        return frozenset(change.category for change in self.changes)

    @property
    def ships(self) -> bool:
        """Whether what users install changes: a leaf under ``[rule]`` or ``[transform]``, or the rule came or went."""
        return self.kind in _WHOLE or any(change.path[0] in SHIPPED for change in self.changes)

    def went_back(self, today: date) -> bool:
        """Tell whether the updated date is earlier than it was; the repair of one after tomorrow is none."""
        before = self.base.updated_date if self.base else None
        after = self.head.updated_date if self.head else None
        return before is not None and after is not None and after < before and (before - today).days <= 1

    def changed(self, *path: str) -> bool:
        """Tell whether any leaf at or below a key path differs."""
        return any(change.path[: len(path)] == path for change in self.changes)


SAME_MATCHES = frozenset({QueryVerdict.COSMETIC, QueryVerdict.EQUIVALENT})
SHIPPED = frozenset({"rule", "transform"})
_WHOLE = frozenset({Kind.NEW, Kind.REMOVAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Unevaluated:
    """A file that could not be obtained or judged, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """The paths of changed files that are there on a side, but whose content there could not be had."""

    old: frozenset[str] = frozenset()
    new: frozenset[str] = frozenset()

    @property
    def paths(self) -> frozenset[str]:
        """Those of both sides."""
        return self.old | self.new


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSet:
    """Everything a pull request did to the rules of a repository.

    Attributes:
        rules: one entry a rule, sorted by path.
        skipped: how many changed TOML files were no rules on either side.
    """

    rules: tuple[RuleChange, ...] = ()
    unevaluated: tuple[Unevaluated, ...] = ()
    skipped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRef:
    """Another rule of the head's tree, as far as a repository-wide check needs it."""

    path: str
    rule_id: str | None
    name: str | None
    deprecated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFix:
    """Whole lines to put in place of lines ``start_line`` to ``end_line`` (1-based, inclusive).

    Attributes:
        replacement: the new text, without the last line end.
    """

    start_line: int
    end_line: int
    replacement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waived:
    """Why a finding does not count: a maintainer's label, or a standing exception of the config.

    Attributes:
        by: the login of who applied the label.
        at: when, ISO 8601 in UTC.
        exception: the reason the config gives.
        expires: the last day on which the exception holds.
    """

    by: str | None = None
    at: str | None = None
    exception: str | None = None
    expires: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One policy's objection, where it stands.

    Attributes:
        path: the file; empty for a finding of no file at all.
        line: 1-based line in the head's file (the base's for a removed rule), None where it has no line.
        column: 1-based, where it is known.
        at: the key that is judged, for fingerprints and for fixes.
        value: the judged values, for fingerprints and to tell what stood in the base.
        preexisting: it stood in the base already.
        paths: the files it is about, where it is about several.
    """

    policy: str
    severity: Level
    message: str
    path: str
    line: int | None = None
    column: int | None = None
    at: KeyPath = ()
    value: object = None
    preexisting: bool = False
    fix: LineFix | None = None
    waived: Waived | None = None
    paths: tuple[str, ...] = ()

    @property
    def located(self) -> bool:
        """Whether its message begins with its place, as compilers write it: such a one is never named beside it."""
        return self.line is not None and self.message.startswith(f"{self.path}:{self.line}:")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleReview:
    """One changed rule and what the policies say of it."""

    change: RuleChange
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One end of a comparison.

    Attributes:
        ref: as the user named it.
        sha: the commit, None for a working tree.
        merge_base: of both ends; only on the base.
    """

    ref: str
    sha: str | None
    merge_base: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """The finished review: all that any renderer needs.

    Attributes:
        labels: the label ids (before any renaming in the config) that the pull request should carry, sorted.
        names: label id to the name that the config gives it, for those in ``labels``.
        findings: of no single rule.
        skipped: changed TOML files that are no rules.
    """

    base: Revision
    head: Revision
    today: date
    verdict: Verdict
    labels: tuple[str, ...] = ()
    rules: tuple[RuleReview, ...] = ()
    findings: tuple[Finding, ...] = ()
    unevaluated: tuple[Unevaluated, ...] = ()
    skipped: int = 0
    names: Mapping[str, str] = field(default_factory=dict[str, str])

    def all_findings(self) -> Iterator[Finding]:
        """Every finding, those of single rules first."""
        for rule in self.rules:
            yield from rule.findings
        yield from self.findings
