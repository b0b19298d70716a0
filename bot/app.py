"""The whole bot on one page: the stages, composed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from bot.asking import no_rule_files
from bot.collect.git import Git, Held
from bot.collect.ledger import Ledger, key_of
from bot.collect.named import Config, config_data, config_name, content, named
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
from bot.collect.spans import Span
from bot.collect.worktree import is_named, write
from bot.config import ConfigError, missing, read_config
from bot.diff import Pair, Pairing, diff, pair, without_guesses
from bot.fields import FieldSets, built_in
from bot.fix import Mended, about_the_date, apply, date_left_behind, mended, offered, together
from bot.judge import CONFIG_INVALID, INCOMPLETE, expired, is_on, judge, without_dates
from bot.memory import Memory
from bot.model import (
    Blob,
    ChangeSet,
    Finding,
    Kind,
    Level,
    LineFix,
    Parsed,
    Past,
    Review,
    Rule,
    RuleChange,
    RuleRef,
    RulewardError,
    Unevaluated,
    Unreadable,
)
from bot.parse import parse
from bot.render.template import Blocks
from bot.settings import CONFIG_PATH, Settings

if TYPE_CHECKING:
    from bot.replay import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A finished review and the settings it was made under, which renderers need."""

    review: Review
    settings: Settings
    template: str = ""


def review(
    git: Git,
    *,
    base: str | None,
    head: str | None,
    config: Config,
    today: date,
    title: str = "",
    merge_base: str | None = None,
    again: bool = False,
    only: frozenset[str] | None = None,
) -> Reviewed:
    """Review what a head changed against its merge base with a base.

    Args:
        git: the repository.
        base: a revision, None for the default branch.
        head: a revision, None for the working tree.
        config: a config file to use in place of the base branch's.
        today: the day of the review.
        title: of the pull request.
        merge_base: of both, where git cannot tell because history was cut off.
        again: this was reviewed before and waits to be merged: dates are not asked again.
        only: paths and folders to look at, None for all.

    Raises:
        RulewardError: a revision does not exist, the config is broken, or git failed.
    """
    ends = resolve(git, base, head, merge_base)
    settings, findings = _settled(git, ends, config, today)
    template = _template(git, ends, settings)
    if again:
        settings = without_dates(settings)
    snapshot = collect(git, ends, settings.rules, only=only)
    if not (snapshot.old or snapshot.new or snapshot.unevaluated or only or _has_rules(git, ends, settings)):
        coming = _coming(git, ends) if config is None else None
        findings += (no_rule_files(settings, config_name(config), coming=coming),)
    done = _review(git, ends, snapshot, settings, today=today, title=title, only=only, findings=findings)
    return Reviewed(review=done, settings=settings, template=template)


def _has_rules(git: Git, ends: Ends, settings: Settings) -> bool:
    """Tell whether any file of the head is a rule; asked only where none changed."""
    listed = git.tree(ends.head.sha, settings.rules.included.roots())
    return any(settings.rules.governs(side.path) for side in listed)


def _coming(git: Git, ends: Ends) -> Settings | None:
    """Read the config that a change brings, which no review goes by yet; None where there are no rules by it either."""
    files = config_files(git, ends)
    try:
        settings = read_config(files.head)
    except ConfigError:  # its faults are findings of their own
        return None
    return settings if files.edited and _has_rules(git, ends, settings) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One file that was fixed: as it was, as it is now, and what was objected to."""

    path: str
    before: str
    after: str
    fixed: tuple[Mended, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """What fixing did, and the review of what it left."""

    edits: tuple[Edit, ...]
    left: Reviewed


def fix(
    git: Git, *, base: str | None, config: Path | None, today: date, only: frozenset[str] | None, dry_run: bool
) -> Fixed:
    """Apply every fix that the review of the working tree offers, until it offers no new one.

    Args:
        git: the repository.
        base: a revision, None for the default branch.
        config: a config file to use in place of the base branch's.
        today: the day of the review.
        only: paths and folders to look at, None for all.
        dry_run: write nothing; what is left is then the review of the tree as it is.

    Raises:
        RulewardError: as for a review, or a file could not be written.
    """
    ends = resolve(git, base, None)
    settings, findings = _settled(git, ends, config, today)
    snapshot = collect(git, ends, settings.rules, only=only, disk=True)
    memory = Memory()
    before = done = _review(git, ends, snapshot, settings, today=today, only=only, findings=findings, memory=memory)
    edits: dict[str, Edit] = {}
    tried: set[tuple[str, str, LineFix | None]] = set()  # two policies that want different values would go on for ever
    while chosen := _fixes(done, tried) or _dates(before, done, edits):
        for path, objections in chosen.items():
            blob = snapshot.new[path]
            text = (blob.data or b"").decode("utf-8")
            after = apply(text, (each.fix for each in objections if each.fix is not None))
            edit = edits.get(path) or Edit(path=path, before=text, after=text, fixed=())
            edits[path] = replace(edit, after=after, fixed=_added(edit.fixed, mended(text, objections)))
            data = after.encode("utf-8")
            snapshot = replace(snapshot, new={**snapshot.new, path: replace(blob, data=data, size=len(data))})
        done = _review(git, ends, snapshot, settings, today=today, only=only, findings=findings, memory=memory)
    changed = tuple(edit for _, edit in sorted(edits.items()) if edit.after != edit.before)
    if not dry_run:
        for edit in changed:
            write(git.top or git.directory, edit.path, edit.before.encode("utf-8"), edit.after.encode("utf-8"))
    return Fixed(edits=changed, left=Reviewed(review=before if dry_run else done, settings=settings))


def _fixes(done: Review, tried: set[tuple[str, str, LineFix | None]]) -> dict[str, tuple[Finding, ...]]:
    """Choose what to fix in each file, and note it, so that nothing is tried twice."""
    chosen: dict[str, tuple[Finding, ...]] = {}
    for rule in done.rules:
        new = [each for each in rule.findings if offered(each) and (each.path, each.policy, each.fix) not in tried]
        if some := together(new):
            chosen[rule.change.path] = some
            tried |= {(each.path, each.policy, each.fix) for each in some}
    return chosen


def _dates(before: Review, done: Review, edits: Mapping[str, Edit]) -> dict[str, tuple[Finding, ...]]:
    """Choose the dates to put back: where fixing took back all that a new date told of, it tells of nothing."""
    alone = {rule.change.path for rule in before.rules if date_left_behind(rule.change) is not None}
    chosen: dict[str, tuple[Finding, ...]] = {}
    for rule in done.rules:
        edit = date_left_behind(rule.change) if rule.change.path in edits.keys() - alone else None
        found = [replace(each, fix=edit) for each in rule.findings if each.policy == "updated-date-without-change"]
        if edit is not None and found:
            chosen[rule.change.path] = tuple(found)
    return chosen


def _added(fixed: tuple[Mended, ...], more: tuple[Mended, ...]) -> tuple[Mended, ...]:
    """Add what was mended; a date that fixing itself had set and puts back is not worth a word."""
    ours = [each for each in fixed if about_the_date(each.finding)]
    if ours and any(about_the_date(each.finding) for each in more):
        return tuple(each for each in fixed if each not in ours)
    return (*fixed, *more)


def replay(git: Git, spans: Iterable[Span], settings: Settings, ledger: Ledger, config: bytes) -> Iterator[Entry]:
    """Review each change of a history on its own day, under one config; what the ledger knows is not done again.

    Args:
        git: the repository.
        spans: the changes.
        settings: the config that all of them are judged by.
        ledger: what is done already.
        config: the text of that config, by which the ledger tells it from another.
    """
    from bot.replay import entry_of, kept, read  # 9 ms that a review need not pay

    memory = Memory()
    with git.reading():
        for span in spans:
            ends = span.ends
            key = key_of(config, ends.merge_base, ends.head.sha or "", span.day.isoformat(), span.title)
            known = ledger.get(key)
            if known is not None:
                yield read(known)
                continue
            snapshot = collect(git, ends, settings.rules)
            done = _review(git, ends, snapshot, settings, today=span.day, title=span.title, memory=memory)
            entry = entry_of(done, title=span.title)
            ledger.note(key, kept(entry))
            yield entry


def standing_config(git: Git, config: Path | None) -> bytes:
    """Return the config to replay by: the named one, else the working tree's, or a bare repository's at its head.

    Raises:
        RulewardError: it cannot be read.
    """
    if config is not None:
        return content(config)
    return git.file(None if git.top else "HEAD", CONFIG_PATH) or b""


def _settled(git: Git, ends: Ends, config: Config, today: date) -> tuple[Settings, tuple[Finding, ...]]:
    """Read the config, and what is to be said of it."""
    settings, findings = _settings(git, ends, config_files(git, ends), config)
    return settings, (*findings, *expired(settings, today, config_name(config)))


def _review(
    git: Git,
    ends: Ends,
    snapshot: Snapshot,
    settings: Settings,
    *,
    today: date,
    title: str = "",
    only: frozenset[str] | None = None,
    findings: tuple[Finding, ...] = (),
    memory: Memory | None = None,
) -> Review:
    """Parse, compare and judge what was collected."""
    kept = memory or Memory()
    changes = _changes(git, ends, snapshot, settings, today, kept)
    if only is not None:
        findings = tuple(finding for finding in findings if is_named(finding.path, only))
        changes = replace(
            changes,
            rules=tuple(each for each in changes.rules if is_named(each.path, only)),
            unevaluated=tuple(each for each in changes.unevaluated if is_named(each.path, only)),
        )
    ids, names, absent = _holders(git, ends, changes, settings, kept)
    named = {each.path: each for each in (*absent, *changes.unevaluated)}
    changes = replace(changes, unevaluated=tuple(each for _, each in sorted(named.items())))
    fields = _fields(git, ends.base.sha, settings, _BASE) if changes.rules else None
    judged = judge(changes, settings, today=today, ids=ids, names=names, title=title, findings=findings, fields=fields)
    return Review(
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


def _template(git: Git, ends: Ends, settings: Settings) -> str:
    """Read the repository's own blocks of the comment at the tip of the base branch."""
    if not settings.comment.template or not _touches_rules(git, ends):
        return ""  # what is wrong with it can be put right by a change of no rule
    return _template_at(git, ends.base.sha, settings, _BASE)


_BASE, _HEAD = "the base branch", "this change"


def _template_at(git: Git, commit: str | None, settings: Settings, where: str) -> str:
    path = settings.comment.template
    data = git.file(commit, path)
    if data is None:
        raise missing(settings, "comment.template", f"{where} has no file `{path}`")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RulewardError(f"{path}:{line}: not UTF-8", located=True) from error


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


def _settings(git: Git, ends: Ends, files: ConfigFiles, config: Config) -> tuple[Settings, tuple[Finding, ...]]:
    """Read the base branch's config, and judge the head's where it was edited.

    A broken config of the base stops the review, but for a pull request that changes no TOML file beside it.
    """
    findings = _edited_config(git, ends, files)
    if config is not None:
        return read_config(config_data(config), config_name(config)), findings
    try:
        return read_config(files.base), findings
    except ConfigError:
        if not files.edited or _touches_rules(git, ends):
            raise
        return Settings(), findings


def _touches_rules(git: Git, ends: Ends) -> bool:
    """Whether any TOML file but the config changed: without a config, each may be a rule."""
    paths = {side.path for row in git.changes(ends.merge_base, ends.head.sha, ()) for side in (row.old, row.new)}
    return any(path.lower().endswith(".toml") and path != CONFIG_PATH for path in paths)


def _edited_config(git: Git, ends: Ends, files: ConfigFiles) -> tuple[Finding, ...]:
    """Validate a config that the head changes, and what it names; it is judged by the base's all the same."""
    if not files.edited:
        return ()
    try:
        settings = read_config(files.head)
        if settings.comment.template:
            text = _template_at(git, ends.head.sha, settings, _HEAD)
            Blocks(text, settings.comment.template)
        _fields(git, ends.head.sha, settings, _HEAD)
    except ConfigError as error:
        return faulty(error)
    except RulewardError as error:
        return (Finding(policy=CONFIG_INVALID, severity=Level.ERROR, message=str(error), path=CONFIG_PATH),)
    return ()


def faulty(error: ConfigError) -> tuple[Finding, ...]:
    """Return the faults of a config as findings, each on its line."""
    return tuple(
        Finding(
            policy=CONFIG_INVALID,
            severity=Level.ERROR,
            message=str(fault),
            path=fault.path,
            line=fault.line,
            column=fault.column,
            value=fault.message,
        )
        for fault in error.faults
    )


def _fields(git: Git, commit: str | None, settings: Settings, where: str) -> FieldSets | None:
    """Read the schemas and the stack map that the config names, at a commit, which errors call ``where``; None without.

    Raises:
        RulewardError: one of them is not there, or cannot be read.
    """
    ecs = settings.ecs
    if not ecs.schemas and not ecs.stack_map:
        return None
    fields = built_in()
    if ecs.schemas:
        try:
            found = schemas(git, commit, ecs.schemas, where)
        except RulewardError as error:
            if error.status == INCOMPLETE:  # they are there, and cannot be had
                raise
            raise missing(settings, "ecs.schemas", f"{where} has no YAML file in `{ecs.schemas}`") from error
        fields = fields.and_schemas(found)
    if ecs.stack_map:
        data = git.file(commit, ecs.stack_map)
        if data is None:
            raise missing(settings, "ecs.stack_map", f"{where} has no file `{ecs.stack_map}`")
        fields = fields.and_stacks(ecs.stack_map, data)
    return fields


def _changes(  # noqa: PLR0917 - what the stages need
    git: Git, ends: Ends, snapshot: Snapshot, settings: Settings, today: date, memory: Memory
) -> ChangeSet:
    """Parse, pair and compare; git is asked for renames and for a rule's past only where that can matter."""
    most = settings.rules.max_bytes
    old: Mapping[str, Parsed] = {path: memory.parse(blob, max_bytes=most) for path, blob in snapshot.old.items()}
    new: Mapping[str, Parsed] = {path: memory.parse(blob, max_bytes=most) for path, blob in snapshot.new.items()}
    lost = snapshot.absent.paths
    before = {path: each for path, each in old.items() if path not in lost}
    after = {path: each for path, each in new.items() if path not in lost}
    pairing = without_guesses(pair(before, after), old, new, snapshot.absent)
    if pairing.has_leftovers:
        paths = tuple(pairing.leftovers()) if lost else settings.rules.included.roots()
        pairing = pair(before, after, renamed(git, ends, paths))
        pairing = without_guesses(pairing, old, new, snapshot.absent)
    changes = diff(pairing, settings, unevaluated=snapshot.unevaluated, compare=memory.compare)
    if is_on("premature-promotion", settings):
        rules = tuple(
            replace(change, state_since=_state_since(git, ends, change, memory, most))
            if change.kind is Kind.PROMOTION
            else change
            for change in changes.rules
        )
        changes = replace(changes, rules=rules)
    back = [change.path for change in changes.rules if change.went_back(today)]
    if not back:
        return changes
    history = git.held(ends.merge_base, back)
    rules = tuple(
        replace(change, past=_past(git, history, change)) if change.went_back(today) else change
        for change in changes.rules
    )
    return replace(changes, rules=rules)


def _state_since(git: Git, ends: Ends, change: RuleChange, memory: Memory, most: int) -> date | None:
    """Find the day on which the base's maturity began; None where the history does not reach so far."""
    base = change.base
    if base is None:
        return None
    versions = git.versions(ends.merge_base, base.path)
    blobs = git.blobs(version.oid for version in versions)
    since = None
    for version in versions:
        if version.oid not in blobs:
            return None
        data = blobs[version.oid]
        blob = Blob(path=base.path, oid=version.oid, size=len(data), data=data)
        rule = memory.parse(blob, max_bytes=most)
        if isinstance(rule, Rule) and rule.maturity != base.maturity:
            return since
        since = version.day
    return None if git.shallow() else since


def _past(git: Git, history: Held, change: RuleChange) -> Past:
    """Say whether the base's history held the head's blob at this path."""
    if change.head is None:
        return Past.NOT_ASKED
    oid = change.head.oid or git.blob_id(change.head.text.encode("utf-8"))
    if oid in history.oids.get(change.path, ()):
        return Past.HELD
    return Past.NOT_HELD if history.complete else Past.OUT_OF_REACH


_Holders = dict[str, tuple[RuleRef, ...]]


def _holders(
    git: Git, ends: Ends, changes: ChangeSet, settings: Settings, memory: Memory
) -> tuple[_Holders, _Holders, tuple[Unevaluated, ...]]:
    """Find who holds the ids and names that this head brings in, and the files of which that cannot be told.

    Nothing is read where it brings in none.
    """
    ids = {rule.rule_id for rule in _new_values(changes, "rule_id") if rule.rule_id}
    names = {rule.name for rule in _new_values(changes, "name") if rule.name}
    if not ids and not names:
        return {}, {}, ()
    found: list[RuleRef] = []
    absent: list[Unevaluated] = []
    for blob in candidates(git, ends, settings.rules, sorted(ids | names)):
        if isinstance(blob, Unevaluated):
            absent.append(blob)
            continue
        rule = memory.parse(blob, max_bytes=settings.rules.max_bytes)
        if isinstance(rule, Rule):
            found.append(_reference(rule, settings))
    known = {reference.path for reference in found}
    found += [
        _reference(change.head, settings)
        for change in changes.rules
        if change.head is not None and change.path not in known
    ]
    return _by(ids, found, "rule_id"), _by(names, found, "name"), tuple(absent)


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
