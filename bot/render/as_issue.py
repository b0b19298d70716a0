"""The rolling issue: what is stale, whose it is, and what has changed since the last time."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date

from bot.audited import Audit, AuditedRule
from bot.render.as_markdown import LIMIT
from bot.render.audit_markdown import Page
from bot.render.fold import count
from bot.settings import Settings

LABEL = "governance: stale-rules"
"""The id of the issue's label."""

MARKER = "<!-- ruleward:audit "
"""What the issue's body starts with."""

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_."
_LENGTH = 5  # characters of a key: 30 bits, so that two of three thousand rules seldom look alike
_MOST_KEYS = 4_000
_STATE = re.compile(
    r"<!-- ruleward:audit v1 on=(?P<on>\d{4}-\d\d-\d\d)"
    r"(?: since=(?P<since>\d{4}-\d\d-\d\d) plus=(?P<plus>\d{1,6}) minus=(?P<minus>\d{1,6}))?"
    r" keys=(?P<keys>[A-Za-z0-9_.]{0,20000}|many) -->",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """What the rolling issue should be.

    Attributes:
        label: its label, by the name that the config gives it.
        open: whether anything is stale.
    """

    title: str
    body: str
    label: str
    open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """What the issue knows of the last time.

    Attributes:
        on: the day on which these rules became the stale ones.
        since: the day that ``plus`` and ``minus`` are counted from, None where there was no time before.
        keys: the stale rules, None where there were too many to keep.
    """

    on: date
    since: date | None
    plus: int
    minus: int
    keys: frozenset[str] | None

    def marker(self) -> str:
        """Write it as the comment that the body starts with."""
        change = "" if self.since is None else f" since={self.since.isoformat()} plus={self.plus} minus={self.minus}"
        keys = "many" if self.keys is None else "".join(sorted(self.keys))
        return f"{MARKER}v1 on={self.on.isoformat()}{change} keys={keys} -->"

    def words(self) -> str:
        """Say what has changed, nothing where there was no time before."""
        minus = "\u2212"
        return "" if self.since is None else f"Since {self.since.isoformat()}: +{self.plus:,} {minus}{self.minus:,}."


def render(audit: Audit, settings: Settings, previous: str | None = None) -> Issue:
    """Write the issue; the same stale rules give the same bytes, on another day too.

    Args:
        audit: the finished audit.
        settings: the config, for the name of the label.
        previous: the body that the issue has, None where there is none yet. Anybody may have edited it.
    """
    state = _next(audit, read_state(previous or ""))
    stale = audit.stale
    page = Page(
        audit=audit,
        limit=LIMIT,
        snippets=True,
        marker=state.marker(),
        since=state.words(),
        rest="the audit's report, an artifact of its run, lists them all",
    )
    style = settings.labels.get(LABEL)
    return Issue(
        title=f"Stale rules: {count(len(stale), 'rule')} to look at" if stale else "Stale rules: none",
        body=page.text(),
        label=(style.name if style else None) or LABEL,
        open=bool(stale),
    )


def read_state(body: str) -> _State | None:
    """Read what a body says of the last time; None where it starts with nothing of ours, or with nonsense."""
    match = _STATE.match(body)
    if match is None:
        return None
    try:
        on = date.fromisoformat(match["on"])
        since = date.fromisoformat(match["since"]) if match["since"] else None
    except ValueError:
        return None
    written = match["keys"]
    cut = (written[at : at + _LENGTH] for at in range(0, len(written), _LENGTH))
    return _State(
        on=on,
        since=since,
        plus=int(match["plus"] or 0),
        minus=int(match["minus"] or 0),
        keys=None if written == "many" else frozenset(cut),
    )


def _next(audit: Audit, last: _State | None) -> _State:
    """Return the state of now; where the same rules are stale as before, it is the state of before."""
    stale = audit.stale
    keys = frozenset(map(_key, stale)) if len(stale) <= _MOST_KEYS else None
    if last is None or last.keys is None or keys is None:
        keep = last is not None and last.keys is None and keys is None
        return last if keep and last is not None else _State(on=audit.today, since=None, plus=0, minus=0, keys=keys)
    if keys == last.keys:
        return last
    return _State(on=audit.today, since=last.on, plus=len(keys - last.keys), minus=len(last.keys - keys), keys=keys)


def _key(rule: AuditedRule) -> str:
    """Return five characters that stand for a rule wherever it moves."""
    subject = "\0".join((rule.repository, rule.rule_id or rule.path))
    number = int.from_bytes(hashlib.sha256(subject.encode("utf-8", "surrogatepass")).digest()[:4]) >> 2
    return "".join(_ALPHABET[number >> (6 * place) & 63] for place in range(_LENGTH))


__all__ = ["LABEL", "MARKER", "Issue", "render"]
