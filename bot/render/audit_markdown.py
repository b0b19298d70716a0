"""The audit in Markdown: for a job summary, and for the rolling issue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.audited import Advice, Audit, AuditedRule
from bot.model import toml_string
from bot.policy import all_policies
from bot.render.as_markdown import MANUAL
from bot.render.audit_fold import NOBODY, by_owner, others, place_of, verb_for, words_for
from bot.render.escape import Safe, code, element, fenced, prose
from bot.render.fold import Objection, count, objections, places
from bot.render.template import markdown_block
from bot.settings import CONFIG_PATH

_TEMPLATE = "audit.md.j2"
_ASIDE = 6_000  # characters for what is not about stale rules
_OWNERS = 60
_PATHS = 3
_NAMED = 12  # reasons, before the rest is counted
_AGES = frozenset({"stale-logic", "stale-updated-date"})
"""The reasons that are about what happened last: the rule was not stale on that day."""
LIMIT = 1_000_000
"""A job summary takes a little more."""


def render(audit: Audit) -> str:
    """Write the report."""
    page = Page(audit=audit, limit=LIMIT, snippets=False)
    return page.text()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Makes the report; no day of it is counted from today, so that another day alone makes no other text.

    Attributes:
        limit: the most characters.
        snippets: whether each rule gets the lines that postpone it.
        marker: what the text begins with.
        since: what happened since the last time.
        rest: where the rules are that do not fit.
    """

    audit: Audit
    limit: int
    snippets: bool
    marker: str = ""
    since: str = ""
    rest: str = "`ruleward audit` lists them all"

    def text(self) -> str:
        """Write all of it."""
        head = self._headline()
        tail = [*self._advice(), *self._findings()]
        room = self.limit - len(head) - sum(len(part) + 2 for part in tail) - 200
        sections = list(self._sections(room))
        return "\n\n".join([head, *sections, *tail]) + "\n"

    def _headline(self) -> str:
        stale = self.audit.stale
        where = f" in {count(len(self.audit.sources), 'repository', 'repositories')}" if self.audit.several else ""
        verb = verb_for(self.audit)
        lead = f"{len(stale):,} of {count(len(self.audit.rules), 'rule')}{where} {verb} stale."
        reasons = [
            {"words": words_for(reason), "policy": _manual(reason), "number": Safe(f"{number:,}")}
            for reason, number in list(self.audit.reasons().items())[:_NAMED]
        ]
        return markdown_block(
            _TEMPLATE,
            "headline",
            marker=Safe(self.marker),
            lead=lead,
            since=self.since,
            reasons=reasons,
            notes=list(self._notes()),
        )

    def _notes(self) -> Iterator[Safe]:
        postponed = sum(bool(rule.postponed) for rule in self.audit.rules)
        if postponed:
            yield Safe(f"{count(postponed, 'rule')} postponed by an exception of the config.")
        for source in self.audit.sources[:_OWNERS]:
            if source.note:
                yield Safe(f"{code(source.repository)}: {prose(source.note)}.")
            if source.unevaluated:
                first = source.unevaluated[0]
                yield Safe(
                    f"{count(len(source.unevaluated), 'file')} could not be judged: "
                    f"{code(first.path)}, {prose(first.reason)}."
                )

    def _sections(self, room: int) -> Iterator[str]:
        """Write the stale rules by owner; each owner gets a fair part of the room that is left."""
        groups = list(by_owner(self.audit.stale).items())
        shown, others = groups[:_OWNERS], groups[_OWNERS:]
        if others:
            yield f"… and {count(sum(len(rules) for _, rules in others), 'rule')} of {len(others):,} more owners."
        for number, (owners, rules) in enumerate(shown):
            whose = " ".join(code(owner, most=60) for owner in owners[:_PATHS]) or NOBODY
            title = f"### {whose}: {count(len(rules), 'rule')}"
            text = "\n\n".join([title, *self._rules(rules, room // (len(shown) - number) - len(title) - 2)])
            room -= len(text) + 2
            yield text

    def _rules(self, rules: Sequence[AuditedRule], room: int) -> Iterator[str]:
        """Write as many rules in full as there is room for, leaving a third to name others, and count the rest."""
        parts = [self._rule(rule) for rule in rules]
        rows = [self._row(rule) for rule in rules]
        full = len(parts)
        if sum(len(part) + 2 for part in parts) > room:
            full = _fitting(parts, room * 2 // 3, 2)
        yield from parts[:full]
        if full == len(rules):
            return
        room -= sum(len(part) + 2 for part in parts[:full]) + 200
        named = _fitting(rows[full:], room, 3)
        left = len(rules) - full - named
        if named:
            title = f"{count(named, 'more rule', 'more rules')}"
            yield markdown_block(_TEMPLATE, "tail", title=Safe(title), rows=rows[full : full + named])
        if left:
            yield f"… and {count(left, 'more rule', 'more rules')}: {self.rest}."

    def _row(self, rule: AuditedRule) -> Safe:
        return Safe(f"{code(place_of(rule, self.audit), most=200)}: {self._why(rule)}")

    def _why(self, rule: AuditedRule) -> str:
        return ", ".join(f"{code(reason)}{self._day(reason, days)}" for reason, days in rule.reasons.items())

    def _day(self, reason: str, days: int | None) -> str:
        """Say which day a reason counts from."""
        if days is None:
            return ""
        return f" {'of' if reason in _AGES else 'since'} {_since(self.audit.today, days)}"

    def _rule(self, rule: AuditedRule) -> str:
        why = ", ".join(reason + self._day(reason, days) for reason, days in rule.reasons.items())
        severity = f"{element(rule.severity, most=20)} " if rule.severity else ""
        title = Safe(f"{severity}{element(place_of(rule, self.audit), most=200)}: {why}")
        lines = [Safe(f"{code(rule.title, most=120)}. {_due(each)}") for each in rule.advice]
        return markdown_block(
            _TEMPLATE,
            "rule",
            title=title,
            due=Safe("<br>\n".join(lines) or code(rule.title, most=120)),
            config=code(CONFIG_PATH),
            snippet=self._snippet(rule) if self.snippets else "",
        )

    def _snippet(self, rule: AuditedRule) -> Safe:
        """Write the exceptions that postpone a rule, ready to be pasted once the reason is filled in."""
        lines: list[str] = []
        subject = ("rule_id", rule.rule_id) if rule.rule_id is not None else ("path", rule.path)
        for reason in rule.reasons:
            lines += [
                "[[exceptions]]",
                f"policy = {toml_string(reason)}",
                f"{subject[0]} = {toml_string(subject[1])}",
                'reason = "say here why it can wait"',
                f"expires = {end_of_next_quarter(self.audit.today).isoformat()}",
                "",
            ]
        return fenced(lines[:-1], "toml")

    def _advice(self) -> Iterator[str]:
        """Write what is due for rules that are not stale: deprecated ones to delete, what was so longest first."""
        due = [(rule, each) for rule in self.audit.rules if not rule.stale for each in rule.advice]
        due.sort(key=lambda row: -(row[1].days or 0))
        if not due:
            return
        rows = [
            {
                "rule": code(place_of(rule, self.audit), most=200),
                "words": prose(_since_words(each, self.audit.today)),
                "blocked": prose(each.blocked or ""),
            }
            for rule, each in due
        ]
        kept = _fitting(["".join(row.values()) for row in rows], _ASIDE, 12)
        title = f"{count(len(due), 'deprecated rule')} that can go"
        more = len(rows) - kept
        yield markdown_block(
            _TEMPLATE, "advice", title=Safe(title), rows=rows[:kept], more=more and count(more, "more rule")
        )

    def _findings(self) -> Iterator[str]:
        """Write what else stands: findings that are no reasons."""
        standing = list(others(self.audit))
        if not standing:
            return
        made = [
            {
                "severity": each.first.severity.value,
                "where": _where(each),
                "message": prose(each.message, most=500),
                "policy": _manual(each.first.policy),
            }
            for each in objections(standing)
        ]
        kept = _fitting(["".join(row.values()) for row in made], _ASIDE, 20)
        more = len(made) - kept
        title = count(len(standing), "other finding")
        yield markdown_block(
            _TEMPLATE, "findings", title=Safe(title), findings=made[:kept], more=more and count(more, "more line")
        )


def _fitting(parts: Sequence[str], room: int, extra: int) -> int:
    """Return how many parts fit into so many characters."""
    for number, part in enumerate(parts):
        room -= len(part) + extra
        if room < 0:
            return number
    return len(parts)


def _where(each: Objection) -> Safe:
    where = places(each.findings)
    shown = ", ".join(code(place, most=200) for place in where[:_PATHS])
    rest = len(where) - _PATHS
    return Safe(f"{shown}{f' and {rest:,} more' if rest > 0 else ''}")


def _manual(policy: str) -> Safe:
    return Safe(f"[{code(policy)}]({MANUAL}#{policy})") if policy in all_policies() else code(policy)


def _since(today: date, days: int) -> str:
    return (today - timedelta(days=min(days, today.toordinal() - 1))).isoformat()


def _since_words(advice: Advice, today: date) -> str:
    return advice.words + ("" if advice.days is None else f", deprecated since {_since(today, advice.days)}")


def _due(advice: Advice) -> str:
    blocked = f" **Blocked because** {prose(advice.blocked)}." if advice.blocked else ""
    return f"**Due:** {prose(advice.words)}.{blocked}"


def end_of_next_quarter(today: date) -> date:
    """Return the last day of the quarter after this one: a day to postpone to that does not move every day."""
    month = (today.month - 1) // 3 * 3 + 7  # the first month of the quarter after the next
    year, month = today.year + (month - 1) // 12, (month - 1) % 12 + 1
    return date(year, month, 1) - timedelta(days=1)


__all__ = ["LIMIT", "Page", "end_of_next_quarter", "render"]
