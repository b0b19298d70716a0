"""The audit for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from bot.audited import Audit, AuditedRule
from bot.model import Finding, Level
from bot.render.audit_fold import by_owner, live, older_than, others, place_of, verb_for, words_for
from bot.render.escape import terminal
from bot.render.fold import count, objections, places
from bot.render.screen import indented, printed, some_paths, unbroken

_STYLES = {Level.ERROR: "bold red", Level.WARNING: "yellow", Level.NOTICE: "cyan", Level.OFF: ""}
_SHOWN = 3


def render(audit: Audit, *, colour: bool = False, width: int = 100) -> str:
    """Write the stale rules, what to do about each, the other findings, and a last line that sums up."""
    return printed(_parts(audit), colour=colour, width=width)


def _parts(audit: Audit) -> Iterator[object]:
    from rich.text import Text

    for rule in audit.stale:
        yield from _stale(rule, audit)
    removable = [rule for rule in audit.rules if rule.deprecated and rule.advice]
    removable.sort(key=lambda rule: -(rule.advice[0].days or 0))
    if removable:
        blocked = sum(each.blocked is not None for rule in removable for each in rule.advice)
        held = f" ({blocked:,} of them blocked)" if blocked else ""
        yield Text(f"{count(len(removable), 'rule')} deprecated for long enough to be deleted{held}", style="bold")
        for rule in removable[:_SHOWN]:
            why = "".join(f": {each.blocked}" for each in rule.advice if each.blocked)
            yield unbroken(Text(f"  {terminal(place_of(rule, audit))}{terminal(why)}", style="dim"))
        if len(removable) > _SHOWN:
            yield Text(f"  and {len(removable) - _SHOWN:,} more", style="dim")
        yield ""
    yield from _findings(audit)
    for source in audit.sources:
        for each in source.unevaluated:
            yield Text(terminal(f"not judged: {each.path}: {each.reason}"), style="yellow")
        if source.note:
            yield Text(terminal(f"{source.repository}: {source.note}"), style="yellow")
    yield from _summary(audit)


def _stale(rule: AuditedRule, audit: Audit) -> Iterator[object]:
    from rich.text import Text

    facts = ", ".join(each for each in (rule.severity, rule.maturity, " ".join(rule.owners)) if each)
    yield unbroken(Text.assemble((terminal(place_of(rule, audit)), "bold"), f"  {terminal(facts)}"))
    for finding in rule.findings:
        if finding.policy in rule.reasons and finding.waived is None:
            yield _line(finding, finding.message)
    for advice in rule.advice:
        blocked = f"; blocked because {advice.blocked}" if advice.blocked else ""
        yield indented(Text(terminal(f"→ {advice.words}{blocked}"), style="green"), 2)
    yield ""


def _findings(audit: Audit) -> Iterator[object]:
    """Write what else is wrong; what many rules share is one line."""
    from rich.text import Text

    for group in objections(others(audit)):
        where = places(group.findings)
        if len(where) == 1:
            yield unbroken(Text(terminal(where[0]), style="bold"))
        else:
            yield Text(count(len(where), "rule"), style="bold")
        yield _line(group.first, group.message)
        if len(where) > 1:
            yield from some_paths(where, 4)
        yield ""


def _line(finding: Finding, message: str) -> object:
    from rich.text import Text

    line = Text.assemble(
        (finding.severity.value, _STYLES[finding.severity]),
        f" {terminal(message)} ",
        (f"[{finding.policy}]", "dim"),
    )
    return indented(line, 2)


def _summary(audit: Audit) -> Iterator[object]:
    from rich.text import Text

    rules = live(audit)
    where = f" in {count(len(audit.sources), 'repository', 'repositories')}" if audit.several else ""
    stale = audit.stale
    yield Text(
        f"{len(stale):,} of {count(len(audit.rules), 'rule')}{where} "
        f"{verb_for(audit)} stale on {audit.today.isoformat()}.",
        style="bold yellow" if stale else "bold green",
    )
    for reason, number in audit.reasons().items():
        yield Text(f"  {number:>6,}  {words_for(reason)} [{reason}]")
    postponed = sum(bool(rule.postponed) for rule in audit.rules)
    if postponed:
        yield Text(f"  {postponed:>6,}  postponed by an exception of the config")
    if len(by_owner(stale)) > 1:
        owners = ", ".join(
            f"{terminal(' '.join(names)) or 'nobody'} {len(held):,}" for names, held in by_owner(stale).items()
        )
        yield Text(f"Owners: {owners}.")
    older = [older_than(rules, days) for days in (180, 365, 730)]
    dates = ", ".join(f"{each.updated:,} for more than {each.days} days" for each in older)
    yield Text(f"Not updated, of {len(rules):,} that are not deprecated: {dates}.")
    if older[0].known:
        logic = ", ".join(f"{each.logic:,} for more than {each.days} days" for each in older)
        yield Text(f"Logic unchanged, of {older[0].known:,} whose history tells: {logic}.")


__all__ = ["render"]
