"""The audit, composed: one whole tree, what git says of it, and what the policies say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot import __version__
from bot.asking import expired, no_rule_files
from bot.audited import Audit, AuditedRule, Commit, RuleHistory, Source, attention
from bot.collect.git import Git, Side
from bot.collect.named import Config, config_data, config_name
from bot.collect.tree import (
    Library,
    Tree,
    commits,
    list_tree,
    locate,
    names_of,
    read_files,
    repository_name,
    tree_file,
)
from bot.config import read_config
from bot.diff import leaf_changes
from bot.history import Cache, Likeness, Subject, histories
from bot.lifecycle import advise
from bot.model import (
    Blob,
    Category,
    Finding,
    NoRule,
    Revision,
    Rule,
    RuleRef,
    RulewardError,
    Unevaluated,
    Unreadable,
)
from bot.owners import Owners
from bot.parse import parse
from bot.policy import all_policies
from bot.settings import CONFIG_PATH, NOTICE_PREFIX, Settings
from bot.spread import spread
from bot.stale import Shared, audit_rules, references, shared

_HISTORY_VERSION = f"{__version__}/1"
_DETECTS = frozenset({Category.LOGIC, Category.SCOPE})


def audit(
    git: Git,
    *,
    head: str | None,
    config: Config,
    today: date,
    cache: Path | None = None,
    repository: str = "",
) -> Audit:
    """Audit every rule of a tree.

    Args:
        git: the repository.
        head: a revision; None is the working tree, and HEAD in a bare repository.
        config: what to judge by in place of the tree's own.
        today: the day of the audit.
        cache: a file that keeps what is learnt from history, None for none.
        repository: how to name it, empty for what its remote says.

    Raises:
        RulewardError: a revision does not exist, the config is broken, or git failed.
    """
    where, commit = locate(git, head)
    settings = _settings(git, where, commit, config)
    name = repository or repository_name(git)
    auditor = _Auditor(git, list_tree(git, where, commit, settings.rules), settings, today, cache, name)
    all_policies()  # found once, before other processes look for them as well
    rules = spread(auditor.tree.files, learn=auditor.learn, meet=auditor.meet, judge=auditor.judge)
    late: tuple[Finding, ...] = tuple(expired(settings, today, config_name(config)))
    if not rules and not auditor.unevaluated:
        late += (no_rule_files(settings, config_name(config)),)
    source = Source(
        repository=name,
        ref=where.ref,
        sha=where.sha,
        note="; ".join(auditor.notes),
        findings=late,
        unevaluated=tuple(auditor.unevaluated),
        skipped=auditor.skipped,
    )
    return Audit(today=today, sources=(source,), rules=tuple(sorted(rules, key=attention)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What the rest of the tree has to know of some of its files.

    Attributes:
        subjects: the rules whose history is asked.
        skipped: how many files are no rules.
    """

    subjects: tuple[Subject, ...]
    references: tuple[RuleRef, ...]
    unevaluated: tuple[Unevaluated, ...]
    skipped: int


_Said = tuple[Shared, Mapping[str, RuleHistory]]
"""Which ids and names several rules hold, and the histories of those that are judged in one place."""


class _Auditor:
    """One tree to audit: its files are read and judged part by part, and what concerns all of them is asked between."""

    def __init__(  # noqa: PLR0917 - one call, from above
        self, git: Git, tree: Tree, settings: Settings, today: date, cache: Path | None, repository: str
    ) -> None:
        """Keep what every part needs."""
        self.git, self.tree, self.settings, self.today = git, tree, settings, today
        self.notes: list[str] = []
        self.unevaluated = list(tree.unevaluated)
        self.skipped = 0
        self._cache, self._repository = cache, repository
        self._owners = _owners(git, tree, settings)

    def learn(self, files: Sequence[Side | Blob]) -> tuple[list[Rule | Unreadable], _Told]:
        """Read and parse files."""
        kept, absent, skipped = list[Rule | Unreadable](), list[Unevaluated](), 0
        for each in read_files(self.git, files, self.settings.rules.max_bytes):
            if isinstance(each, Unevaluated):
                absent.append(each)
                continue
            parsed = parse(each, max_bytes=self.settings.rules.max_bytes)
            if isinstance(parsed, NoRule):
                skipped += 1
            else:
                kept.append(parsed)
        rules = [each for each in kept if isinstance(each, Rule)]
        told = _Told(
            subjects=tuple(self._subjects(rules)),
            references=references(rules, self.settings),
            unevaluated=tuple(absent),
            skipped=skipped,
        )
        return kept, told

    def _subjects(self, rules: Iterable[Rule]) -> Iterator[Subject]:
        """Yield what history is asked about: every rule that is not deprecated."""
        for rule in rules:
            if not self.settings.is_deprecated(rule.path, rule.maturity):
                yield Subject(
                    path=rule.path,
                    oid=rule.oid,
                    announced=_announced(rule),
                    waiting=self.settings.maturity.before_shipping(rule.maturity),
                )

    def meet(self, told: Sequence[_Told]) -> list[_Said]:
        """Put together what was learnt: who shares an id or a name, and what history says."""
        for each in told:
            self.unevaluated += each.unevaluated
            self.skipped += each.skipped
        self.unevaluated.sort(key=lambda each: each.path)
        held = shared(sorted((one for each in told for one in each.references), key=lambda one: one.path))
        subjects = sorted((one for each in told for one in each.subjects), key=lambda one: one.path)
        found, self.notes = _histories(self.git, self.tree, subjects, self.settings, self.today, self._cache)
        return [(held, {one.path: found[one.path] for one in each.subjects if one.path in found}) for each in told]

    def judge(self, rules: Iterable[Rule | Unreadable], said: _Said) -> tuple[AuditedRule, ...]:
        """Ask the policies about files that were read."""
        held, found = said
        return audit_rules(
            rules,
            found,
            self.settings,
            today=self.today,
            owners=self._owners.of,
            advise=lambda aged, reasons, findings: advise(aged, reasons, findings, self.settings, self.today),
            repository=self._repository,
            held=held,
        )


def settings_of(git: Git, *, head: str | None, config: Config) -> Settings:
    """Read the config that a tree is audited by: its own, or a file in its place.

    Raises:
        RulewardError: a revision does not exist, or the config is broken.
    """
    return _settings(git, *locate(git, head), config)


def _settings(git: Git, where: Revision, commit: str, config: Config) -> Settings:
    if config is not None:
        return read_config(config_data(config), config_name(config))
    return read_config(tree_file(git, where, commit, CONFIG_PATH))


def _owners(git: Git, tree: Tree, settings: Settings) -> Owners:
    """Read the first CODEOWNERS that is there."""
    for name in names_of((settings.audit.owners,)):
        data = tree_file(git, tree.head, tree.commit, name)
        if data is not None:
            return Owners(data)
    return Owners(None)


def _histories(  # noqa: PLR0917 - one call, from above
    git: Git, tree: Tree, subjects: Sequence[Subject], settings: Settings, today: date, place: Path | None
) -> tuple[Mapping[str, RuleHistory], list[str]]:
    """Ask history about rules, and say what it could not tell."""
    line = commits(git, tree.commit, settings.rules)
    if tree.edits:
        line = (Commit(sha="", day=today, first=False, edits=tree.edits), *line)
    known = Cache.read(place.read_bytes() if place is not None and place.is_file() else None, _HISTORY_VERSION)
    most = settings.rules.max_bytes
    found = histories(
        subjects,
        line,
        Library(git, settings.rules, tree.written),
        compare=lambda newer, older: likeness(newer, older, most),
        identify=lambda text: _identity(text, most),
        cache=known,
        bulk_threshold=settings.comment.bulk_threshold,
    )
    notes = [known.note] if known.note else []
    if git.shallow():
        silent = sum(history.changed is None for history in found.values())
        if silent:
            notes.append(
                f"this clone is shallow: when {silent:,} of {len(found):,} rules last changed what they detect is not "
                "in it, and they are judged by their dates alone (fetch-depth: 0 gets all of it)"
            )
    if place is not None:
        try:
            place.write_bytes(known.write())
        except OSError as error:
            raise RulewardError(f"{place}: cannot be written: {error.strerror}") from error
    return found, notes


def likeness(newer: bytes, older: bytes, max_bytes: int) -> Likeness:
    """Say in what two versions of a rule are alike.

    Where all from the ``[rule]`` table on is the same bytes, only what stands before it is parsed: most edits of
    a rule's life are bumps of its metadata.
    """
    one, other = _split(newer), _split(older)
    if one is not None and other is not None and one[1] == other[1]:
        short = [_rule(part + _TABLE, max_bytes) for part, _ in (one, other)]
        if all(short):
            return _alike(short[0], short[1])
    return _alike(_rule(newer, max_bytes), _rule(older, max_bytes))


_TABLE = b"\n[rule]\n"


def _split(text: bytes) -> tuple[bytes, bytes] | None:
    head, table, tail = text.partition(_TABLE)
    return (head, tail) if table else None


def _rule(text: bytes, max_bytes: int) -> Rule | None:
    parsed = parse(Blob(path="", size=len(text), data=text), max_bytes=max_bytes)
    return parsed if isinstance(parsed, Rule) else None


def _identity(text: bytes, max_bytes: int) -> str | None:
    rule = _rule(text, max_bytes)
    return rule.rule_id if rule else None


def _alike(newer: Rule | None, older: Rule | None) -> Likeness:
    if newer is None or older is None:
        return Likeness(logic=False, notice=False, maturity=False, identity=False, readable=False)
    leaves = leaf_changes(older.data, newer.data)
    changed = [change for change in leaves if change.category in _DETECTS and not change.rewritten]
    if [change.path for change in changed] == [("rule", "query")] and _same_tokens(older, newer):
        changed = []
    return Likeness(
        logic=not changed,
        notice=_announced(newer) == _announced(older),
        maturity=newer.maturity == older.maturity,
        identity=newer.rule_id == older.rule_id,
    )


def _announced(rule: Rule) -> bool:
    return (rule.name or "").startswith(NOTICE_PREFIX)


def _same_tokens(older: Rule, newer: Rule) -> bool:
    """Whether two queries differ in layout and comments alone: that is no change of what is detected."""
    before, after = older.string("rule", "query"), newer.string("rule", "query")
    if before is None or after is None:
        return False
    from bot.query import tokens  # most edits in a rule's life leave the query alone
    from bot.query.compare import language_of

    cut = tokens(language_of(newer), before)
    return cut is not None and cut == tokens(language_of(newer), after)


__all__ = ["audit", "likeness", "settings_of"]
