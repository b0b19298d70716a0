"""The review for a terminal."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import replace

from bot.layout import layout_of
from bot.model import Finding, Kind, Level, QueryVerdict, Review, Rule, RuleReview
from bot.render.escape import cut, terminal
from bot.render.fold import count, first_line, fold, rows, verdict_line
from bot.settings import Settings
from bot.words import plain

_STYLES = {Level.ERROR: "bold red", Level.WARNING: "yellow", Level.NOTICE: "cyan", Level.OFF: ""}
_QUERY_STYLES = {QueryVerdict.NARROWED: "magenta", QueryVerdict.BROADENED: "magenta", QueryVerdict.UNKNOWN: "yellow"}
_WIDEST = 400
_PATHS = 3
_A_FILE = 200  # a rule of ten thousand odd keys shall not fill the screen, nor the day


def render(review: Review, _settings: Settings, *, colour: bool = False, width: int = 100) -> str:
    """Write a table of the rules, the findings file by file, and a last line that sums up."""
    return printed(_parts(review), colour=colour, width=width)


def printed(parts: Iterable[object], *, colour: bool, width: int) -> str:
    """Lay out what rich can show, without trailing blanks."""
    from rich.console import Console  # only a terminal pays for it

    page = io.StringIO()
    console = Console(
        file=page,
        width=max(width, 40),
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
        _environ={},
    )
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, str))
    return "".join(f"{line.rstrip()}\n" for line in page.getvalue().split("\n")[:-1])


def _parts(review: Review) -> Iterator[object]:
    from rich.text import Text

    if review.rules:
        yield _table(review)
    subjects = {rule.change.path: rule for rule in review.rules}
    alone, shared = _shared(review)
    for group in shared:
        yield from _together(group)
    for path, findings in _by_file(alone).items():
        yield Text(terminal(path) if path else "The pull request", style="bold", overflow="fold")
        for finding in findings[:_A_FILE]:
            yield from _finding(finding, subjects.get(path))
        if len(findings) > _A_FILE:
            left = f"  and {count(len(findings) - _A_FILE, 'finding')} more of this file; `--format json` has them all"
            yield Text(left, style="yellow", overflow="fold")
        yield ""
    for each in review.unevaluated:
        yield Text(terminal(f"not judged: {each.path}: {each.reason}"), style="yellow", overflow="fold")
    lead, beside = first_line(review)
    verdict, counts = verdict_line(review)
    headline = "; ".join([terminal(lead), *(terminal(plain(phrase)) for phrase in beside)])
    yield Text(f"{headline}.", style="bold")
    style = _STYLES[Level.ERROR] if review.verdict in {"block", "incomplete"} else "green"
    yield Text.assemble((verdict, style), f"{': ' if counts else ''}{counts}.")


def _table(review: Review) -> object:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=False)
    table.add_column("kind", no_wrap=True)
    table.add_column("rule", overflow="fold", ratio=1)
    table.add_column("what changed", overflow="fold", ratio=1)
    table.add_column("query", no_wrap=True)
    for row in rows(review):
        change = row.change
        if len(row.rules) == 1:
            name = terminal(change.path)
        else:
            shown = ", ".join(terminal(rule.change.path) for rule in row.rules[:_PATHS])
            left = len(row.rules) - _PATHS
            name = f"{count(len(row.rules), 'rule')}: {shown}{f' and {left:,} more' if left > 0 else ''}"
        verdict = change.query.verdict if change.query else None
        words = "; ".join(map(terminal, (*row.told, *map(plain, row.phrases))))
        table.add_row(
            Text(change.kind.value, style="red" if change.kind in {Kind.REMOVAL, Kind.UNREADABLE} else ""),
            Text(name),
            Text(words),
            Text(verdict.value if verdict else "", style=_QUERY_STYLES.get(verdict, "") if verdict else ""),
        )
    return table


def _shared(review: Review) -> tuple[list[Finding], list[tuple[Finding, ...]]]:
    """Part the findings into those that stand alone and those that several rules have alike."""
    groups = list(
        fold(review.all_findings(), lambda each: (each.policy, each.severity, each.message, each.waived is None))
    )
    alone = [group[0] for group in groups if len(group) == 1]
    return alone, [group for group in groups if len(group) > 1]


def _together(group: tuple[Finding, ...]) -> Iterator[object]:
    """Write one line for all rules that have the same finding, and the first few of them."""
    from rich.text import Text

    yield Text(count(len(group), "rule"), style="bold")
    yield from _finding(replace(group[0], line=None, fix=None), None)
    for finding in group[:_PATHS]:
        place = f"{finding.path}:{finding.line}" if finding.line else finding.path
        yield Text(f"        {terminal(place)}", style="dim", overflow="fold")
    if len(group) > _PATHS:
        yield Text(f"        and {len(group) - _PATHS:,} more", style="dim")
    yield ""


def _by_file(alone: list[Finding]) -> dict[str, list[Finding]]:
    grouped: dict[str, list[Finding]] = {}
    for finding in alone:
        grouped.setdefault(finding.path or ", ".join(finding.paths), []).append(finding)
    return grouped


def _finding(finding: Finding, rule: RuleReview | None) -> Iterator[object]:
    from rich.padding import Padding
    from rich.text import Text

    note = " (stood here before)" if finding.preexisting else ""
    note += " (waived)" if finding.waived is not None else ""
    line = Text.assemble(
        (finding.severity.value, "dim" if finding.waived else _STYLES[finding.severity]),
        f" {terminal(finding.message)}{note} ",
        (f"[{finding.policy}]", "dim"),
    )
    yield Padding(line, (0, 0, 0, 2))
    source = _source(finding, rule)
    if source is not None and finding.line is not None:
        yield Text(f"  {finding.line:>5} │ {cut(terminal(source), _WIDEST)}", style="dim", overflow="fold")
    if finding.fix is not None and finding.waived is None:
        yield Text(f"    set │ {cut(terminal(finding.fix.replacement), _WIDEST)}", style="green", overflow="fold")


def _source(finding: Finding, rule: RuleReview | None) -> str | None:
    """Return the line of the rule that a finding is about; of a file that cannot be read no line is known."""
    subject = rule.change.subject if rule and rule.change.kind is not Kind.UNREADABLE else None
    if finding.line is None or not isinstance(subject, Rule) or subject.path != finding.path:
        return None
    if finding.line > subject.text.count("\n") + 1:
        return None
    return layout_of(subject.text).raw_line(finding.line)
