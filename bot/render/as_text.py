"""The review for a terminal."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.layout import layout_of
from bot.model import Finding, Kind, Level, QueryVerdict, Review, Rule, RuleChange, RuleReview
from bot.render.escape import cut, terminal
from bot.render.fold import Row, count, detects, fold, places, rows
from bot.render.headline import first_line, passed_nothing, verdict_line
from bot.render.queries import explained, proofs
from bot.render.screen import bullets, indented, printed, some_paths, unbroken
from bot.settings import Settings
from bot.words import excuse_words, excused_word, plain, query_heading, query_words

if TYPE_CHECKING:
    from rich.text import Text

_STYLES = {Level.ERROR: "bold red", Level.WARNING: "yellow", Level.NOTICE: "cyan", Level.OFF: ""}
_QUERY_STYLES = {QueryVerdict.NARROWED: "magenta", QueryVerdict.BROADENED: "magenta", QueryVerdict.UNKNOWN: "yellow"}
_WIDEST = 400
_WIDE = 300
_QUERIES = 5  # that are explained under their rules
_LINES = 4  # of the explanation of each
_PHRASES = 40  # of one rule: a hundred thousand odd keys shall not fill the screen, nor the day
_SHA = 9
_MISSED = 20  # a partial clone away from its server may lack every file
_A_FILE = 200  # findings, for the same reason


def render(review: Review, _settings: Settings, *, colour: bool = False, width: int = 100) -> str:
    """Write a table of the rules, the findings file by file, and a last line that sums up."""
    return printed(_parts(review), colour=colour, width=width)


def _parts(review: Review) -> Iterator[object]:
    from rich.text import Text

    yield from _changes(review)
    subjects = {rule.change.path: rule for rule in review.rules}
    for path, findings in _blocks(review):
        yield from _together(findings) if path is None else _of_file(path, findings, subjects.get(path))
    for each in review.unevaluated[:_MISSED]:
        yield Text(terminal(f"not judged: {each.path}: {each.reason}"), style="yellow")
    if len(review.unevaluated) > _MISSED:
        left = count(len(review.unevaluated) - _MISSED, "more file", "more files")
        yield Text(f"not judged: {left}; `--format json` names them all", style="yellow")
    yield Text(terminal(_compared(review)), style="dim")
    lead, beside = first_line(review)
    verdict, counts = verdict_line(review)
    headline = "; ".join([terminal(lead), *(terminal(plain(phrase)) for phrase in beside)])
    yield Text(f"{headline}.", style="bold")
    style = _STYLES[Level.ERROR] if review.verdict in {"block", "incomplete"} else "green"
    style = _STYLES[Level.WARNING] if passed_nothing(review) else style
    yield Text.assemble((verdict, style), f"{': ' if counts else ''}{counts}.")


def _compared(review: Review) -> str:
    """Name what was compared with what: nothing found in the wrong place looks like nothing found."""
    base, head = review.base, review.head
    old = "" if base.merge_base in {None, base.sha} else "merge base "
    new = f" ({head.sha[:_SHA]})" if head.sha else ""
    return f"{base.ref} ({old}{(base.merge_base or base.sha or '')[:_SHA]}) … {head.ref}{new}"


def _changes(review: Review) -> Iterator[object]:
    """Write what happened to each rule, and under the first few edited queries what that means."""
    from rich.text import Text

    table = rows(review)
    edited = [row for row in table if detects(row.change) and (explained(row.change) or proofs(row.change.query))]
    told = [id(row) for row in edited[:_QUERIES]]
    indent = max((len(row.change.kind) for row in table), default=0) + 2
    for row in table:
        change = row.change
        style = "red" if change.kind in {Kind.REMOVAL, Kind.UNREADABLE} else ""
        name = terminal(change.path) if len(row.rules) == 1 else count(len(row.rules), "rule")
        yield unbroken(Text.assemble((f"{change.kind:{indent}}", style), (name, "bold")))
        yield indented(_words(row, review, whole=id(row) not in told), indent)
        if len(row.rules) > 1:
            yield from some_paths([rule.change.path for rule in row.rules], indent)
        if id(row) in told:
            yield from _meaning(row, review, indent)
    if left := edited[_QUERIES:]:
        more = count(len(left), "more edited query", "more edited queries")
        yield unbroken(Text(f"and {more}, the next by: {_command(left[0].change, review)}"))
    if table:
        yield ""


def _words(row: Row, review: Review, *, whole: bool) -> Text:
    from rich.text import Text

    query = row.change.query
    style = _QUERY_STYLES.get(query.verdict, "") if query else ""
    phrases = [Text(terminal(line)) for line in row.told if whole]
    for phrase in row.phrases[:_PHRASES]:
        words = plain(phrase)
        of_query = query is not None and words == query_words(query)
        words = query_heading(query) if query and of_query and not whole else words
        phrases.append(Text(terminal(words), style=style if of_query else ""))
    if left := row.phrases[_PHRASES:]:
        phrases.append(Text(f"and {len(left):,} more: {_command(row.change, review)}"))
    return Text("; ").join(phrases)


def _meaning(row: Row, review: Review, indent: int) -> Iterator[object]:
    """Say in a few lines what became of a query, and show at most one event each way."""
    from rich.text import Text

    change = row.change
    lines = explained(change)
    yield from bullets((cut(line, _WIDE) for line in lines[:_LINES]), indent)
    if len(lines) > _LINES:
        yield unbroken(Text(f"{' ' * indent}• and {len(lines) - _LINES:,} more: {_command(change, review)}"))
    first = "the first " if len(row.rules) > 1 and change.query and change.query.witness else ""
    yield from bullets((cut(f"{first}{line}", _WIDE) for line in proofs(change.query)), indent)


def _command(change: RuleChange, review: Review) -> str:
    """Return the command that tells all of one rule's change."""
    old = f"{(review.base.merge_base or review.base.ref)[:_SHA]}:{change.previous_path or change.path}"
    new = change.path if review.head.sha is None else f"{review.head.ref}:{change.path}"
    return terminal(f"ruleward diff {shlex.quote(old)} {shlex.quote(new)}")


def _blocks(review: Review) -> list[tuple[str | None, Sequence[Finding]]]:
    """Part the findings into those that several rules have alike and those of one file; what is worst comes first."""
    blocks: list[tuple[str | None, Sequence[Finding]]] = []
    files: dict[str, list[Finding]] = {}
    for group in fold(review.all_findings(), lambda each: (each.policy, each.severity, each.message, each.waived)):
        if len(places(group)) > 1:
            blocks.append((None, group))
        else:
            files.setdefault(group[0].path or ", ".join(group[0].paths), []).extend(group)
    blocks += files.items()
    return sorted(blocks, key=lambda block: min((each.waived is not None, each.severity.rank) for each in block[1]))


def _of_file(path: str, findings: Sequence[Finding], rule: RuleReview | None) -> Iterator[object]:
    """Write the findings of one file."""
    from rich.text import Text

    yield unbroken(Text(terminal(path) if path else "The pull request", style="bold"))
    for finding in findings[:_A_FILE]:
        yield from _finding(finding, rule)
    if len(findings) > _A_FILE:
        left = f"  and {count(len(findings) - _A_FILE, 'finding')} more of this file; `--format json` has them all"
        yield Text(left, style="yellow")
    yield ""


def _together(group: Sequence[Finding]) -> Iterator[object]:
    """Write one line for all rules that have the same finding, and the first few of them."""
    from rich.text import Text

    where = places(group)
    yield Text(count(len(where), "rule"), style="bold")
    yield from _finding(replace(group[0], line=None, fix=None), None)
    yield from some_paths(where, 8)
    yield ""


def _finding(finding: Finding, rule: RuleReview | None) -> Iterator[object]:
    from rich.text import Text

    note = f" (line {finding.line})" if finding.line and rule is None and not finding.located else ""
    note += " (stood here before)" if finding.preexisting else ""
    note += f" ({terminal(excuse_words(finding.waived))})" if finding.waived is not None else ""
    line = Text.assemble(
        (excused_word(finding.waived), "dim")
        if finding.waived is not None
        else (finding.severity.value, _STYLES[finding.severity]),
        f" {terminal(finding.message)}{note} ",
        (f"[{finding.policy}]", "dim"),
    )
    yield indented(line, 2)
    source = _source(finding, rule)
    if source is not None and finding.line is not None:
        yield unbroken(Text(f"  {finding.line:>5} │ {cut(terminal(source), _WIDEST)}", style="dim"))
    if finding.fix is not None and finding.waived is None:
        for number, new in enumerate(finding.fix.replacement.splitlines()):
            lead = "" if number else "set"
            yield unbroken(Text(f"{lead:>7} │ {cut(terminal(new), _WIDEST)}", style="green"))


def _source(finding: Finding, rule: RuleReview | None) -> str | None:
    """Return the line of the rule that a finding is about; of a file that cannot be read no line is known."""
    subject = rule.change.subject if rule and rule.change.kind is not Kind.UNREADABLE else None
    if finding.line is None or not isinstance(subject, Rule) or subject.path != finding.path:
        return None
    if finding.line > subject.text.count("\n") + 1:
        return None
    return layout_of(subject.text).raw_line(finding.line)
