"""The audit as one page: everything in it, nothing fetched, good without JavaScript too."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files

from bot import __version__
from bot.audited import SEVERITIES, Audit, AuditedRule
from bot.model import Finding, Level
from bot.render.audit_fold import (
    NOBODY,
    TACTICS,
    Share,
    by_folder,
    by_tactic,
    histogram,
    live,
    older_than,
    shares,
    verb_for,
    words_for,
)
from bot.render.charts import histogram_chart, share_bar
from bot.render.escape import visible
from bot.render.template import html_page

_EARLY = 'document.documentElement.classList.add("js")'
_ROWS = 60  # folders and tactics before the rest is counted
_SHORT = {
    "stale-updated-date": "old date",
    "stale-logic": "old logic",
    "deprecation-limbo": "in limbo",
    "unpromoted-rule": "unpromoted",
    "ecs-version-outdated": "old ECS",
}


@dataclass(frozen=True, slots=True)
class _Tile:
    number: str
    words: str
    loud: bool = False


def render(audit: Audit) -> str:
    """Write the page; every text of a rule is escaped, and the page allows no script but its own."""
    css, js = _asset("audit.css"), _asset("audit.js")
    sources = [source.repository for source in audit.sources]
    only = audit.sources[0] if len(sources) == 1 else None
    return html_page(
        "audit.html.j2",
        policy=(
            f"default-src 'none'; style-src {_hash(css)}; script-src {_hash(_EARLY)} {_hash(js)}; img-src data:; "
            "base-uri 'none'; form-action 'none'"
        ),
        css=css,
        js=js,
        early=_EARLY,
        title=visible(only.repository if only else f"{len(sources):,} repositories"),
        ref=visible(only.sha[:12] if only.sha else only.ref) if only else "",
        today=audit.today.isoformat(),
        stale=f"{len(audit.stale):,}",
        total=f"{len(audit.rules):,}",
        verb=verb_for(audit),
        notes=list(_notes(audit)),
        tiles=list(_tiles(audit)),
        older=[older_than(live(audit), days) for days in (180, 365, 730)],
        histogram=histogram_chart(histogram(live(audit))),
        ages_note=_ages_note(audit),
        parts=list(_parts(audit)),
        selects=list(_selects(audit)),
        rules=[_rule(rule, audit.today) for rule in audit.rules],
        owned=any(rule.owners for rule in audit.rules),
        several=audit.several,
        version=__version__,
    )


def _asset(name: str) -> str:
    return files("bot").joinpath("templates", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Return what the page's policy calls an inline script or style by."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}'"


def _notes(audit: Audit) -> Iterator[str]:
    for source in audit.sources:
        if source.note:
            yield visible(f"{source.repository}: {source.note}")
        for each in source.unevaluated:
            yield visible(f"{source.repository}: {each.path} could not be judged: {each.reason}")
        for finding in source.findings:
            yield visible(f"{source.repository}: {finding.message}")


def _tiles(audit: Audit) -> Iterator[_Tile]:
    stale = len(audit.stale)
    share = f" ({stale / len(audit.rules):.0%})" if audit.rules else ""
    yield _Tile(f"{len(audit.rules):,}", f"rules, {sum(rule.deprecated for rule in audit.rules):,} of them deprecated")
    yield _Tile(f"{stale:,}", f"stale{share}", loud=stale > 0)
    for reason, number in audit.reasons().items():
        yield _Tile(f"{number:,}", words_for(reason))
    standing = [each for each in audit.all_findings() if each.waived is None]
    errors = sum(each.severity is Level.ERROR for each in standing)
    yield _Tile(f"{errors:,}", "errors that stand in the tree", loud=errors > 0)
    removable = sum(rule.deprecated and bool(rule.advice) for rule in audit.rules)
    if removable:
        yield _Tile(f"{removable:,}", "deprecated for long enough to be deleted")
    postponed = sum(bool(rule.postponed) for rule in audit.rules)
    if postponed:
        yield _Tile(f"{postponed:,}", "postponed by an exception")


def _ages_note(audit: Audit) -> str:
    rules = live(audit)
    silent = sum(rule.logic_age_days is None for rule in rules)
    note = f"Of {len(rules):,} rules that are not deprecated."
    return note + (f" When the logic of {silent:,} of them last changed is not in this clone." if silent else "")


def _parts(audit: Audit) -> Iterator[dict[str, object]]:
    if audit.several:
        rows = shares(audit.rules, lambda rule: (rule.repository,))
        yield _part("repositories", "Repositories", "Repository", "All rules, by repository", rows)
    yield _part("folders", "Folders", "Folder", "All rules, by the folder they stand in", by_folder(audit))
    counted = {share.name: share for share in by_tactic(audit)}
    tactics = [counted.pop(name, Share(name=name, rules=0, stale=0)) for name in TACTICS] if counted else []
    caption = "Rules that are not deprecated; one that covers several tactics counts in each"
    yield _part("tactics", "Tactics", "Tactic", caption, [*tactics, *counted.values()])


def _part(identity: str, title: str, head: str, caption: str, rows: Sequence[Share]) -> dict[str, object]:
    most = max((row.rules for row in rows), default=0)
    shown = [
        {"name": visible(row.name), "rules": row.rules, "stale": row.stale, "bar": share_bar(row, most)}
        for row in rows[:_ROWS]
    ]
    more = f"{len(rows) - _ROWS:,}" if len(rows) > _ROWS else ""
    return {"id": identity, "title": title, "head": head, "caption": caption, "rows": shown, "more": more}


def _selects(audit: Audit) -> Iterator[dict[str, object]]:
    rules = audit.rules
    reasons = [("stale", "stale"), *((reason, words_for(reason)) for reason in audit.reasons())]
    reasons += [("due", "anything due"), ("error", "an error"), ("finding", "any finding"), ("none", "nothing")]
    yield {"title": "Has", "column": "reason", "options": [{"value": key, "text": text} for key, text in reasons]}
    severities = {rule.severity for rule in rules if rule.severity}
    known = [each for each in SEVERITIES if each in severities]
    yield _select("Severity", "severity", [*known, *sorted(severities - set(known))])
    yield _select("State", "state", sorted({rule.maturity for rule in rules if rule.maturity}))
    yield _select("Folder", "folder", sorted({rule.folder for rule in rules}))
    owners = sorted({owner for rule in rules for owner in rule.owners})
    if owners:
        yield _select("Owner", "owner", [*owners, NOBODY])
    if audit.several:
        yield _select("Repository", "repository", [source.repository for source in audit.sources])


def _select(title: str, column: str, values: Iterable[str]) -> dict[str, object]:
    options = [{"value": visible(value), "text": visible(value)} for value in values]
    return {"title": title, "column": column, "options": options}


def _logic_age(rule: AuditedRule, today: date) -> str:
    """Write the age of the logic, or that it is at least as old as the history."""
    if rule.logic_age_days is None and rule.unchanged_since is not None and rule.unchanged_since < today:
        return f"≥ {(today - rule.unchanged_since).days:,}"
    return _number(rule.logic_age_days)


def _rule(rule: AuditedRule, today: date) -> dict[str, object]:
    standing = [each for each in rule.findings if each.waived is None]
    return {
        "name": visible(rule.title),
        "path": visible(rule.path),
        "repository": visible(rule.repository),
        "id": visible(rule.rule_id or ""),
        "severity": visible(rule.severity or ""),
        "state": visible(rule.maturity or ""),
        "folder": visible(rule.folder),
        "owners": visible(" ".join(rule.owners)),
        "owner_keys": "\n".join(map(visible, rule.owners)) or NOBODY,
        "age": _number(rule.age_days),
        "logic": _logic_age(rule, today),
        "mass": _number(rule.mass_edits),
        "kinds": "\n".join(_kinds(rule, standing)),
        "chips": list(_chips(rule)),
        "findings": [_told(each) for each in rule.findings],
        "advice": [
            {"words": _plain(each.words), "blocked": _plain(each.blocked) if each.blocked else ""}
            for each in rule.advice
        ],
    }


def _number(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"  # noqa: RUF001 - a dash, as tables have it


def _kinds(rule: AuditedRule, standing: Sequence[Finding]) -> Iterator[str]:
    """Yield what the filter calls a rule."""
    if rule.stale:
        yield "stale"
        yield from map(visible, rule.reasons)
    if rule.advice:
        yield "due"
    if any(each.severity is Level.ERROR for each in standing):
        yield "error"
    yield "finding" if rule.findings else "none"


def _chips(rule: AuditedRule) -> Iterator[dict[str, str]]:
    for reason in rule.reasons:
        yield {"tone": "warn", "words": visible(_SHORT.get(reason, reason))}
    for reason in rule.postponed:
        yield {"tone": "", "words": visible(f"{_SHORT.get(reason, reason)}: postponed")}
    if rule.unreadable:
        yield {"tone": "bad", "words": "unreadable"}
    elif rule.deprecated:
        yield {"tone": "", "words": "deprecated"}
    elif not rule.findings:
        yield {"tone": "calm", "words": "fine"}


def _told(finding: Finding) -> str:
    excused = ""
    if finding.waived is not None:
        until = f" until {finding.waived.expires.isoformat()}" if finding.waived.expires else ""
        excused = f" (excepted{until}: {finding.waived.exception or ''})"
    place = f", line {finding.line}" if finding.line else ""
    return visible(f"{finding.severity}: {_plain(finding.message)}{place} [{finding.policy}]{excused}")


def _plain(text: str) -> str:
    """Write a sentence without the backticks around its values."""
    return visible(text.replace("`", ""))


__all__ = ["render"]
