"""The comment: what a maintainer reads first, and often alone."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.model import Finding, Kind, Level, Review, RuleChange, Verdict, stable
from bot.policy import all_policies
from bot.render.escape import Safe, code, cut, element, fenced, prose, url_path
from bot.render.fold import (
    Objection,
    Row,
    asides,
    count,
    detects,
    problems,
    rows,
    waived,
)
from bot.render.headline import first_line, passed_nothing, verdict_line
from bot.render.queries import explained, explains, heading, query_lines, witnesses
from bot.render.template import Blocks
from bot.settings import Settings
from bot.words import Phrase, excuse_phrase, excused_word

MARKER = "<!-- ruleward:review v1"
"""What the sticky comment starts with."""

LIMIT = 65_536
"""The most characters that GitHub takes."""

BULK_LIMIT = 20_000
"""The comment of a bulk pull request stays under this."""

SUMMARY_LIMIT = 300_000
"""A job summary holds a mebibyte; these are characters, of up to three bytes each."""

LISTING = 2_000
"""The most characters of a config's fault: it lists the keys known there."""

MANUAL = "https://github.com/ruleward/ruleward/blob/main/docs/policies.md"
_SLACK = 600  # for the line that says what was left out
_PATHS = 3
_PHRASES = 12
_QUERY_LINES = 120
_OPEN = 3  # queries that changed, of which the explanations stand open
_MARKS = {Verdict.INCOMPLETE: "⚠️", Verdict.BLOCK: "❌", Verdict.WARN: "⚠️", Verdict.PASS: "✅"}
_LEVELS = {Level.ERROR: "❌ error", Level.WARNING: "⚠️ warning", Level.NOTICE: "notice", Level.OFF: "off"}


@dataclass(frozen=True, slots=True)
class _Section:
    """One block of the comment.

    Attributes:
        name: what is counted where it is left out.
        weight: the greater, the sooner it is left out; 0 never.
    """

    name: str
    weight: int
    text: str


def render(
    review: Review,
    settings: Settings,
    *,
    blob_url: str = "",
    template: str = "",
    notes: Sequence[Note] = (),
    whole: bool = False,
) -> str:
    """Write the comment.

    Args:
        review: the finished review.
        settings: the config it was made under.
        blob_url: where the head's files can be read; paths become links to their lines.
        template: the repository's own blocks.
        notes: the labels that do not count.
        whole: for the job summary, which is larger: no folded rule is left unnamed.

    Raises:
        RulewardError: the template does not work.
    """
    bulk = len(review.rules) >= settings.comment.bulk_threshold
    limit = SUMMARY_LIMIT if whole else BULK_LIMIT - 1 if bulk else LIMIT
    gone = frozenset(rule.change.path for rule in review.rules if rule.change.kind is Kind.REMOVAL)
    page = _Page(
        review=review,
        settings=settings,
        blob_url=blob_url,
        limit=limit,
        gone=gone,
        blocks=Blocks(template, settings.comment.template),
        notes=tuple(notes),
        whole=whole,
    )
    first = "" if whole else f"{_marker(change_digest(review), notes)}\n"
    return first + _assemble(list(page.sections()), limit - len(first), page.block)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A label that does not count; ``off`` tells whether it was taken off."""

    label: str
    reason: str
    off: bool = True

    def __str__(self) -> str:
        """Say it in a sentence."""
        return f"The label `{self.label}` {'was taken off' if self.off else 'does not count'}: {self.reason}."


def _marker(change: str, notes: Iterable[Note]) -> str:
    """Return the first line: for which change labels were decided, and what was said of them."""
    facts = json.dumps([(each.label, each.reason, each.off) for each in notes], separators=(",", ":"))
    told = facts.replace("<", "\\u003c").replace(">", "\\u003e").replace("--", "-\\u002d").replace("#", "\\u0023")
    told = told.replace("::", ":\\u003a")
    return f"{MARKER} change={change}{f' notes={told}' if facts != '[]' else ''} -->"


def noted(body: str, change: str) -> tuple[Note, ...]:
    """Read what a comment said of labels, as long as the pull request does the same; shown again, never acted on."""
    found = _NOTED.match(body)
    if found is None or found[1] != change:
        return ()
    try:
        facts = json.loads(found[2])
        return tuple(Note(label=str(label), reason=str(reason), off=off is True) for label, reason, off in facts)
    except (TypeError, ValueError, RecursionError):
        return ()


def marker_again(body: str) -> str:
    """Return the first line of a comment again, one without facts where it is not ours."""
    line = body.partition("\n")[0].rstrip()
    return line if _LINE.fullmatch(line) else f"{MARKER} -->"


_LINE = re.compile(rf"{MARKER} [^>]*-->")
_NOTED = re.compile(rf"{MARKER} change=([0-9a-f]+) notes=(\[[^>]*\]) -->")


def change_digest(review: Review) -> str:
    """Return what a pull request does to the rules, in 16 hex digits: equal for heads that do the same."""
    told = [
        (
            rule.change.path,
            rule.change.previous_path,
            rule.change.kind.value,
            [(leaf.path, leaf.before, leaf.after) for leaf in rule.change.changes],
        )
        for rule in review.rules
    ]
    return hashlib.sha256(stable(told).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _assemble(sections: list[_Section], limit: int, block: Callable[..., str]) -> str:
    """Join the sections; while they are too long, leave out the least important one, the last of its kind first."""
    kept = list(sections)
    dropped: Counter[str] = Counter()
    size = sum(len(section.text) + 2 for section in kept)
    room = limit - _SLACK
    for section in sorted(sections, key=lambda each: each.weight)[::-1]:
        if size <= room or section.weight == 0:
            break
        kept.remove(section)
        dropped[section.name] += 1
        size -= len(section.text) + 2
    parts = [section.text for section in kept]
    if dropped:
        what = ", ".join(_counted(name, number) for name, number in dropped.items())
        parts.append(block("dropped", what=what))
    return "\n\n".join(parts) + "\n"


def _counted(name: str, number: int) -> str:
    return count(number, "query", "queries") if name == "query" else name


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """Makes the sections of one comment."""

    review: Review
    settings: Settings
    blob_url: str
    limit: int
    gone: frozenset[str]
    blocks: Blocks
    notes: tuple[Note, ...]
    whole: bool

    def block(self, name: str, /, **values: object) -> str:
        """Fill one block of the template."""
        return self.blocks.fill(name, values)

    def sections(self) -> Iterator[_Section]:
        """Yield every section, in reading order."""
        yield _Section("the headline", 0, self._headline())
        loud = problems(self.review)
        if self.notes:
            yield _Section("notes on labels", 0, self.block("notes", notes=[prose(str(each)) for each in self.notes]))
        if self.review.unevaluated:
            yield _Section("the files that could not be judged", 3, self._unevaluated())
        if loud:
            yield _Section("errors and warnings", 1, self._problems(loud))
            policies = {each.first.policy: False for each in loud}
            policies |= {each.first.policy: True for each in loud if each.first.severity is Level.ERROR}
            remedies = self._remedies(policies)
            if remedies:
                yield _Section("how to fix them", 4, remedies)
        table = rows(self.review)
        if table:
            yield _Section("the table of rules", 2, self._changes(table))
        edited = sorted((row for row in table if explains(row.change)), key=lambda row: not detects(row.change))
        few = sum(detects(row.change) for row in edited) <= _OPEN
        for row in edited:
            yield _Section("query", 5 if detects(row.change) else 7, self._query(row, few=few))
        if excused := waived(self.review):
            yield _Section("waived findings", 6, self._waived(excused))
        if quiet := asides(self.review):
            yield _Section("notices", 8, self._notices(quiet))
        if any(finding.fix is not None for finding in self.review.all_findings() if finding.waived is None):
            yield _Section("the command that fixes", 0, self._command())

    def _command(self) -> str:
        return self.block("fix", command=code(f"ruleward fix --base {shlex.quote(self.review.base.ref)}"))

    def _headline(self) -> str:
        lead, beside = first_line(self.review)
        verdict, counts = verdict_line(self.review)
        return self.block(
            "headline",
            lead=lead,
            beside=_words(beside),
            verdict=verdict,
            counts=counts,
            mark=Safe(_MARKS[Verdict.WARN if passed_nothing(self.review) else self.review.verdict]),
        )

    def _problems(self, loud: Sequence[Objection]) -> str:
        made = (
            {
                "severity": Safe(_LEVELS[each.first.severity]),
                "where": self._where(each),
                "message": prose(each.message, most=LISTING if each.first.located else 600),
                "policy": self._manual(each.first.policy),
                "fix": _fix(each),
            }
            for each in loud
        )
        shown, more = _fitting(made, len(loud), self.limit * 2 // 5)
        blocks = any(each.first.severity is Level.ERROR for each in loud)
        title = "What stands in the way" if blocks else "What to look at"
        return self.block(
            "problems", title=title, rows=shown, more=more and count(more, "more finding", "more findings")
        )

    def _remedies(self, ids: Mapping[str, bool]) -> str:
        """Explain some policies; the flag says whether one blocks, for only then a way past it is needed."""
        known = all_policies()
        policies = [
            {
                "id": code(each),
                "url": Safe(f"{MANUAL}#{each}"),
                "command": code(f"ruleward explain {each}"),
                "why": prose(sentence(known[each].why)),
                "remedy": prose(sentence(known[each].remedy)),
                "blocks": blocks,
                "waivable": known[each].waivable,
                "label": code(f"waive: {each}"),
            }
            for each, blocks in ids.items()
            if each in known
        ]
        author = (
            "" if self.settings.waivers.allow_author else "who neither opened this pull request nor wrote its commits"
        )
        permission = self.settings.waivers.permission.value
        return self.block("remedies", policies=policies, permission=permission, author=author) if policies else ""

    def _changes(self, table: Sequence[Row]) -> str:
        made = (
            {"rule": self._rule(row), "kind": row.change.kind.value, "words": _words(row.phrases, row.told)}
            for row in table
        )
        shown, more = _fitting(made, len(table), self.limit * 7 // 20)
        left = sum(len(row.rules) for row in table[len(shown) :])
        return self.block("changes", rows=shown, more=more and count(left, "more rule", "more rules"))

    def _rule(self, row: Row) -> Safe:
        if len(row.rules) == 1:
            return self._link(row.change.path, None, there=row.change.kind is not Kind.REMOVAL)
        return self._several([rule.change.path for rule in row.rules])

    def _several(self, paths: Sequence[str]) -> Safe:
        most = len(paths) if self.whole else _PATHS
        shown = ", ".join(code(path, most=120) for path in paths[:most])
        rest = len(paths) - most
        return Safe(f"**{count(len(paths), 'rule')}**: {shown}{f' and {rest:,} more' if rest > 0 else ''}")

    def _where(self, each: Objection) -> Safe:
        if len(each.findings) == 1:
            return self._place(each.first)
        return self._several(each.paths)

    def _place(self, finding: Finding) -> Safe:
        if not finding.path:
            return self._several(finding.paths) if finding.paths else Safe("the pull request")
        return self._link(finding.path, finding.line, there=finding.path not in self.gone)

    def _link(self, path: str, line: int | None, *, there: bool = True) -> Safe:
        shown = code(path if line is None else f"{path}:{line}", most=200)
        if not self.blob_url or not there:
            return shown
        anchor = "" if line is None else f"#L{line}"
        return Safe(f"[{shown}]({self.blob_url}/{url_path(path)}{anchor})")

    def _manual(self, policy: str) -> Safe:
        return Safe(f"[{code(policy)}]({MANUAL}#{policy})") if policy in all_policies() else code(policy)

    def _query(self, row: Row, *, few: bool) -> str:
        change = row.change
        query = change.query
        sides = [
            {"claim": Safe(claim), "event": _phrase(event)} for claim, event in (witnesses(query) if query else ())
        ]
        subject = change.subject
        return self.block(
            "query",
            open=few and detects(change),
            several=_several(row),
            name=element(cut(subject.name, 120) if subject and subject.name else change.path),
            verdict=heading(change),
            explanation=[prose(line, most=2_000) for line in explained(change)],
            reason=prose(query.reason) if query and query.reason and not query.apart else "",
            witness=sides,
            diff=_diff(change) if query else "",
        )

    def _unevaluated(self) -> str:
        made = ({"path": code(each.path), "reason": prose(each.reason)} for each in self.review.unevaluated)
        shown, more = _fitting(made, len(self.review.unevaluated), self.limit // 10)
        return self.block("unevaluated", files=shown, more=more and count(more, "more file", "more files"))

    def _waived(self, excused: Sequence[Finding]) -> str:
        made = (
            {
                "where": self._place(each),
                "message": prose(each.message, most=400),
                "policy": code(each.policy),
                "why": _phrase(excuse_phrase(each.waived)) if each.waived else "",
            }
            for each in excused
        )
        shown, more = _fitting(made, len(excused), self.limit // 8)
        words = Counter(excused_word(each.waived) for each in excused if each.waived)
        told = [f"{count(words[word], 'finding')} {word}" for word in ("waived", "excepted") if words[word]]
        title = ", ".join(told)
        return self.block("waived", findings=shown, title=title, more=more and count(more, "more finding"))

    def _notices(self, quiet: Sequence[Objection]) -> str:
        number = sum(len(each.findings) for each in quiet)
        stood = sum(len(each.findings) for each in quiet if each.first.preexisting)
        made = (
            {
                "where": self._where(each),
                "message": Safe(
                    prose(each.message, most=600) + (" (stood here before)" if each.first.preexisting else "")
                ),
                "policy": self._manual(each.first.policy),
            }
            for each in quiet
        )
        shown, more = _fitting(made, len(quiet), self.limit // 6)
        title = count(number, "notice") + (f", {stood:,} of them stood here before" if stood else "")
        return self.block("notices", findings=shown, title=title, more=more and count(more, "more line"))


def _several(row: Row) -> str:
    if len(row.rules) == 1:
        return ""
    return f"{len(row.rules):,} rules{' alike' if row.told else ''}, the first: "


def _fitting(made: Iterable[Mapping[str, str]], total: int, budget: int) -> tuple[Sequence[Mapping[str, str]], int]:
    """Return as many rows as the budget of characters holds, and how many of all are left; none of those is made."""
    shown: list[Mapping[str, str]] = []
    for row in made:
        budget -= sum(len(cell) + 3 for cell in row.values()) + 20
        if budget < 0:
            break
        shown.append(row)
    return shown, total - len(shown)


def _words(phrases: Sequence[Phrase], lines: Sequence[str] = ()) -> Safe:
    """Write a rule's phrases, values as code, and what became of what it asks."""
    told: list[str] = [prose(line, most=300) for line in lines]
    shown = phrases[: max(_PHRASES - len(told), 0)]
    told += ["".join(code(piece.text) if piece.value else piece.text for piece in phrase) for phrase in shown]
    left = len(lines) + len(phrases) - _PHRASES
    return Safe("; ".join(told[:_PHRASES]) + (f"; and {left} more" if left > 0 else ""))


def sentence(text: str) -> str:
    """Begin with a capital, and write reStructuredText's code as Markdown's."""
    return text[:1].upper() + text[1:].replace("``", "`")


def _fix(each: Objection) -> Safe:
    replacements = {finding.fix.replacement for finding in each.findings if finding.fix is not None}
    if len(replacements) != 1:
        return Safe("in each its own value") if replacements else Safe("")
    return code(replacements.pop().strip())


def _phrase(event: Phrase) -> Safe:
    """Write a phrase, its values as code."""
    return Safe("".join(code(piece.text, most=600) if piece.value else piece.text for piece in event))


def _diff(change: RuleChange) -> Safe:
    lines = query_lines(change)
    shown = [cut(line, 400) for line in lines[:_QUERY_LINES]]
    if len(lines) > _QUERY_LINES:
        shown.append(f"# … {len(lines) - _QUERY_LINES} more lines")
    return fenced(shown, "diff") if shown else Safe("The text differs in its ends alone.")


__all__ = ["LIMIT", "LISTING", "MARKER", "Note", "change_digest", "marker_again", "noted", "render", "sentence"]
