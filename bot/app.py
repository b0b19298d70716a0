"""The whole bot on one page: the stages, composed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from bot.collect.git import Git, Held
from bot.collect.named import named
from bot.collect.snapshot import (
    ConfigFiles,
    Ends,
    Snapshot,
    candidates,
    collect,
    config_files,
    renamed,
    resolve,
    schemas,
)
from bot.config import ConfigError, read_config
from bot.diff import Pair, Pairing, diff, pair
from bot.fields import FieldSets, built_in
from bot.judge import CONFIG_INVALID, expired, judge
from bot.model import (
    ChangeSet,
    Finding,
    Level,
    Parsed,
    Past,
    Review,
    Rule,
    RuleChange,
    RuleRef,
    RulewardError,
    Unreadable,
)
from bot.parse import parse
from bot.settings import CONFIG_PATH, Ecs, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A finished review and the settings it was made under, which renderers need."""

    review: Review
    settings: Settings


def review(
    git: Git, *, base: str | None, head: str | None, config: Path | None, today: date, title: str = ""
) -> Reviewed:
    """Review what a head changed against its merge base with a base.

    Args:
        git: the repository.
        base: a revision, None for the default branch.
        head: a revision, None for the working tree.
        config: a config file to use in place of the base branch's.
        today: the day of the review.
        title: of the pull request.

    Raises:
        RulewardError: a revision does not exist, the config is broken, or git failed.
    """
    ends = resolve(git, base, head)
    files = config_files(git, ends)
    settings, findings = _settings(git, ends, files, config)
    snapshot = collect(git, ends, settings.rules)
    changes = _changes(git, ends, snapshot, settings, today)
    ids, names = _holders(git, ends, changes, settings)
    findings += tuple(expired(settings, today, str(config or CONFIG_PATH)))
    fields = _fields(git, ends, settings.ecs)
    judged = judge(changes, settings, today=today, ids=ids, names=names, title=title, findings=findings, fields=fields)
    done = Review(
        base=ends.base,
        head=ends.head,
        today=today,
        verdict=judged.verdict,
        labels=judged.labels,
        rules=judged.rules,
        findings=judged.findings,
        unevaluated=changes.unevaluated,
        skipped=changes.skipped,
        names={label: style.name for label, style in settings.labels.items() if style.name is not None},
    )
    return Reviewed(review=done, settings=settings)


def compare(repo: Path, old: str, new: str) -> RuleChange:
    """Say what changed between two rule files, each a path or ``REV:PATH``, whatever their names and ids.

    Raises:
        RulewardError: one of them is not there, or is no rule.
    """
    before, after = _rule(repo, old), _rule(repo, new)
    return diff(Pairing(pairs=(Pair(before=before, after=after),)), Settings()).rules[0]


def _rule(repo: Path, name: str) -> Rule:
    parsed = parse(named(repo, name), max_bytes=Settings().rules.max_bytes)
    if isinstance(parsed, Rule):
        return parsed
    if isinstance(parsed, Unreadable):
        place = f":{parsed.line}:{parsed.column}" if parsed.line else ""
        raise RulewardError(f"{name}{place}: {parsed.reason}")
    raise RulewardError(f"{name}: it has no [rule] table; name the file of a rule")


def _settings(git: Git, ends: Ends, files: ConfigFiles, config: Path | None) -> tuple[Settings, tuple[Finding, ...]]:
    """Read the base branch's config, and judge the head's where it was edited.

    A broken config of the base stops the review, but for a pull request that changes no TOML file beside it.
    """
    findings = _edited_config(files)
    if config is not None:
        try:
            data = config.read_bytes()
        except OSError as error:
            raise RulewardError(f"{config}: cannot be read: {error.strerror}") from error
        return read_config(data, str(config)), findings
    try:
        return read_config(files.base), findings
    except ConfigError:
        if not files.edited or _touches_rules(git, ends):
            raise
        return Settings(), findings


def _touches_rules(git: Git, ends: Ends) -> bool:
    """Whether any TOML file but the config changed: without a config, each may be a rule."""
    paths = {side.path for row in git.changes(ends.merge_base, ends.head.sha, ()) for side in (row.old, row.new)}
    return any(path.endswith(".toml") and path != CONFIG_PATH for path in paths)


def _edited_config(files: ConfigFiles) -> tuple[Finding, ...]:
    """Validate a config that the head changes; it is judged by the base's all the same."""
    if not files.edited:
        return ()
    try:
        read_config(files.head)
    except ConfigError as error:
        return tuple(
            Finding(
                policy=CONFIG_INVALID,
                severity=Level.ERROR,
                message=fault.message,
                path=CONFIG_PATH,
                line=fault.line,
            )
            for fault in error.faults
        )
    return ()


def _fields(git: Git, ends: Ends, ecs: Ecs) -> FieldSets | None:
    """Read the schemas and the stack map that the config names, at the tip of the base branch; None where it has none.

    Raises:
        RulewardError: one of them is not there, or cannot be read.
    """
    if not ecs.schemas and not ecs.stack_map:
        return None
    fields = built_in()
    if ecs.schemas:
        fields = fields.and_schemas(schemas(git, ends.base.sha, ecs.schemas))
    if ecs.stack_map:
        data = git.file(ends.base.sha, ecs.stack_map)
        if data is None:
            raise RulewardError(
                f"{ecs.stack_map}: the base branch has no such file; `ecs.stack_map` in {CONFIG_PATH} names it"
            )
        fields = fields.and_stacks(ecs.stack_map, data)
    return fields


def _changes(git: Git, ends: Ends, snapshot: Snapshot, settings: Settings, today: date) -> ChangeSet:
    """Parse, pair and compare; git is asked for renames and for a rule's past only where that can matter."""
    most = settings.rules.max_bytes
    old: Mapping[str, Parsed] = {path: parse(blob, max_bytes=most) for path, blob in snapshot.old.items()}
    new: Mapping[str, Parsed] = {path: parse(blob, max_bytes=most) for path, blob in snapshot.new.items()}
    pairing = pair(old, new)
    if pairing.has_leftovers and not snapshot.unevaluated:
        pairing = pair(old, new, renamed(git, ends, settings.rules))
    changes = diff(pairing, settings, unevaluated=snapshot.unevaluated)
    back = [change.path for change in changes.rules if change.went_back(today)]
    if not back:
        return changes
    history = git.held(ends.merge_base, back)
    rules = tuple(
        replace(change, past=_past(git, history, change)) if change.went_back(today) else change
        for change in changes.rules
    )
    return replace(changes, rules=rules)


def _past(git: Git, history: Held, change: RuleChange) -> Past:
    """Say whether the base's history held the head's blob at this path."""
    if change.head is None:
        return Past.NOT_ASKED
    oid = change.head.oid or git.blob_id(change.head.text.encode("utf-8"))
    if oid in history.oids.get(change.path, ()):
        return Past.HELD
    return Past.NOT_HELD if history.complete else Past.OUT_OF_REACH


_Holders = dict[str, tuple[RuleRef, ...]]


def _holders(git: Git, ends: Ends, changes: ChangeSet, settings: Settings) -> tuple[_Holders, _Holders]:
    """Find who holds the ids and names that this head brings in; nothing is read where it brings in none."""
    ids = {rule.rule_id for rule in _new_values(changes, "rule_id") if rule.rule_id}
    names = {rule.name for rule in _new_values(changes, "name") if rule.name}
    if not ids and not names:
        return {}, {}
    found: list[RuleRef] = []
    for blob in candidates(git, ends, settings.rules, sorted(ids | names)):
        rule = parse(blob, max_bytes=settings.rules.max_bytes)
        if isinstance(rule, Rule):
            found.append(_reference(rule, settings))
    known = {reference.path for reference in found}
    found += [
        _reference(change.head, settings)
        for change in changes.rules
        if change.head is not None and change.path not in known
    ]
    return _by(ids, found, "rule_id"), _by(names, found, "name")


def _new_values(changes: ChangeSet, key: str) -> Iterable[Rule]:
    for change in changes.rules:
        head = change.head
        if head is not None and (change.base is None or change.base.get("rule", key) != head.get("rule", key)):
            yield head


def _reference(rule: Rule, settings: Settings) -> RuleRef:
    deprecated = settings.is_deprecated(rule.path, rule.maturity)
    return RuleRef(path=rule.path, rule_id=rule.rule_id, name=rule.name, deprecated=deprecated)


def _by(values: Iterable[str], found: Iterable[RuleRef], key: str) -> _Holders:
    holders: dict[str, list[RuleRef]] = {value: [] for value in values}
    for reference in found:
        value = getattr(reference, key)
        if value in holders:
            holders[value].append(reference)
    return {value: tuple(sorted(held, key=lambda each: each.path)) for value, held in holders.items()}
