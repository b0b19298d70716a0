"""The audit, composed: one whole tree, what git says of it, and what the policies say."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from bot import __version__
from bot.asking import expired, no_rule_files
from bot.audited import Audit, Commit, RuleHistory, Source
from bot.collect.git import Git
from bot.collect.named import content
from bot.collect.tree import (
    Library,
    Tree,
    collect_tree,
    commits,
    locate,
    names_of,
    repository_name,
    tree_file,
)
from bot.config import read_config
from bot.diff import leaf_changes
from bot.history import Cache, Likeness, Subject, histories
from bot.lifecycle import advise
from bot.model import Blob, Category, Finding, NoRule, Parsed, Revision, Rule, RulewardError
from bot.owners import Owners
from bot.parse import parse
from bot.settings import CONFIG_PATH, NOTICE_PREFIX, Settings
from bot.spread import spread
from bot.stale import audit_rules

_HISTORY_VERSION = f"{__version__}/1"
_DETECTS = frozenset({Category.LOGIC, Category.SCOPE})


def audit(
    git: Git,
    *,
    head: str | None,
    config: Path | None,
    today: date,
    cache: Path | None = None,
    repository: str = "",
) -> Audit:
    """Audit every rule of a tree.

    Args:
        git: the repository.
        head: a revision; None is the working tree, and HEAD in a bare repository.
        config: a config file to use in place of the tree's own.
        today: the day of the audit.
        cache: a file that keeps what is learnt from history, None for none.
        repository: how to name it, empty for what its remote says.

    Raises:
        RulewardError: a revision does not exist, the config is broken, or git failed.
    """
    where, commit = locate(git, head)
    settings = _settings(git, where, commit, config)
    tree = collect_tree(
        git, where, commit, settings.rules, lambda blob: parse(blob, max_bytes=settings.rules.max_bytes)
    )
    parsed = list(tree.files.values())
    rules = [each for each in parsed if not isinstance(each, NoRule)]
    found, notes = _histories(git, tree, parsed, settings, today, cache)
    name = repository or repository_name(git)
    audited = audit_rules(
        rules,
        found,
        settings,
        today=today,
        owners=_owners(git, tree, settings).of,
        advise=lambda aged, reasons, findings: advise(aged, reasons, findings, settings, today),
        repository=name,
        ask=spread,
    )
    late: tuple[Finding, ...] = tuple(expired(settings, today, str(config or CONFIG_PATH)))
    if not rules and not tree.unevaluated:
        late += (no_rule_files(settings, str(config or CONFIG_PATH)),)
    source = Source(
        repository=name,
        ref=where.ref,
        sha=where.sha,
        note="; ".join(notes),
        findings=late,
        unevaluated=tree.unevaluated,
        skipped=len(parsed) - len(rules),
    )
    return Audit(today=today, sources=(source,), rules=audited)


def settings_of(git: Git, *, head: str | None, config: Path | None) -> Settings:
    """Read the config that a tree is audited by: its own, or a file in its place.

    Raises:
        RulewardError: a revision does not exist, or the config is broken.
    """
    return _settings(git, *locate(git, head), config)


def _settings(git: Git, where: Revision, commit: str, config: Path | None) -> Settings:
    if config is not None:
        return read_config(content(config), str(config))
    return read_config(tree_file(git, where, commit, CONFIG_PATH))


def _owners(git: Git, tree: Tree[Parsed], settings: Settings) -> Owners:
    """Read the first CODEOWNERS that is there."""
    for name in names_of((settings.audit.owners,)):
        data = tree_file(git, tree.head, tree.commit, name)
        if data is not None:
            return Owners(data)
    return Owners(None)


def _histories(  # noqa: PLR0917 - one call, from above
    git: Git, tree: Tree[Parsed], parsed: Iterable[Parsed], settings: Settings, today: date, place: Path | None
) -> tuple[dict[str, RuleHistory], list[str]]:
    """Ask history about every rule that is not deprecated, and say what it could not tell."""
    line = commits(git, tree.commit, settings.rules)
    if tree.edits:
        line = (Commit(sha="", day=today, first=False, edits=tree.edits), *line)
    subjects = [
        Subject(
            path=rule.path,
            oid=rule.oid,
            announced=(rule.name or "").startswith(NOTICE_PREFIX),
            waiting=settings.maturity.before_shipping(rule.maturity),
        )
        for rule in parsed
        if isinstance(rule, Rule) and not settings.is_deprecated(rule.path, rule.maturity)
    ]
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
    changed = [change for change in leaf_changes(older.data, newer.data) if change.category in _DETECTS]
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
