"""How the bot's labels look: name, colour, description; each can be changed in the config."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.config import LABELS
from bot.settings import Settings

DESCRIPTION_LIMIT = 100
"""The most characters that GitHub takes for a label's description."""

RECHECK = "governance: recheck"
STALE = "governance: stale-rules"

_GREEN, _BLUE, _PURPLE, _ORANGE, _RED, _GREY = "0e8a16", "1d76db", "5319e7", "d4a72c", "b60205", "6e7781"
_WAIVER = "fbca04"

_DEFAULTS: Mapping[str, tuple[str, str]] = {
    "rule: new": (_GREEN, "Adds a detection rule"),
    "rule: tuning": (_BLUE, "Changes what an existing rule ships"),
    "rule: deprecation": (_ORANGE, "Deprecates a rule, or announces it"),
    "rule: promotion": (_GREEN, "Moves a rule forward in its life"),
    "rule: demotion": (_ORANGE, "Moves a rule back in its life"),
    "rule: restoration": (_GREEN, "Brings a deprecated rule back"),
    "rule: removal": (_RED, "Removes a rule"),
    "rule: metadata": (_GREY, "Changes only what a rule says about itself"),
    "impact: logic": (_PURPLE, "Changes what a rule detects"),
    "impact: scope": (_PURPLE, "Changes where a rule looks"),
    "impact: schedule": (_PURPLE, "Changes when a rule runs, or how far it looks back"),
    "impact: severity": (_PURPLE, "Changes a severity or a risk score"),
    "impact: threat": (_PURPLE, "Changes a mapping to tactics and techniques"),
    "impact: response": (_PURPLE, "Changes what happens when a rule alerts"),
    "impact: narrowed": (_ORANGE, "Proven: a query matches less than before"),
    "impact: broadened": (_ORANGE, "Proven: a query matches more than before"),
    "governance: blocked": (_RED, "A policy stands in the way of merging"),
    "governance: waived": (_WAIVER, "A maintainer waived a policy for this pull request"),
    "governance: bulk": (_GREY, "Changes many rules at once"),
    STALE: (_ORANGE, "The list of rules that need attention"),
    RECHECK: (_BLUE, "Put it on to have the rules reviewed again"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One label as the repository should have it; the colour is six hex digits."""

    name: str
    color: str
    description: str


def label(identity: str, settings: Settings) -> Label:
    """Return one of the bot's labels as the config has it."""
    color, description = _DEFAULTS[identity]
    style = settings.labels.get(identity)
    if style is None:
        return Label(name=identity, color=color, description=description)
    return Label(
        name=style.name or identity,
        color=(style.color or color).lower(),
        description=description if style.description is None else style.description,
    )


def labels(identities: Iterable[str], settings: Settings) -> tuple[Label, ...]:
    """Return some of the bot's labels as the config has them."""
    return tuple(label(identity, settings) for identity in identities)


def owned(settings: Settings) -> frozenset[str]:
    """Return the names, in small letters, that the bot puts on pull requests and takes off again."""
    names = (label(identity, settings).name.lower() for identity in LABELS if identity not in {RECHECK, STALE})
    return frozenset(names)


def waiver(policy: str) -> Label:
    """Return the label that asks for a waiver of a policy."""
    text = f"Waives {policy} here; put on by a maintainer"
    return Label(name=f"waive: {policy}", color=_WAIVER, description=text[:DESCRIPTION_LIMIT])


__all__ = ["DESCRIPTION_LIMIT", "RECHECK", "STALE", "Label", "label", "labels", "owned", "waiver"]
