"""What a policy is, and how it is found: one file in ``bot/policies``, one page in ``tests/policies``, no list."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Any

from bot.fields import FieldSets
from bot.model import KeyPath, Level, Rule, RuleChange, RuleRef
from bot.settings import Settings


class Scope(StrEnum):
    """What a policy looks at."""

    RULE = "rule"  # one rule as it stands; runs on both sides, so that what stood in the base can be told
    CHANGE = "change"  # one changed rule, both sides
    TREE = "tree"  # one changed rule beside all other rules of the head
    AUDIT = "audit"  # one rule and its history; no review asks, the audit does


REVIEWED = frozenset({Scope.RULE, Scope.CHANGE, Scope.TREE})
"""What a review asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One objection, before the judge gives it a level and a line.

    Attributes:
        message: what is wrong, one sentence without a full stop; values in backticks.
        at: the key it is about, to find the line and to set the fix.
        value: the judged values; the same policy and value in the base make a finding preexisting.
        fix: the value that ``at`` should have, None where only a person can tell.
        cap: a level that this objection never exceeds, None for the policy's own.
        line: where the objection knows its line itself (an unreadable file).
        meant: another value may be as right as ``fix``, so it is not offered where the change itself set the value.
    """

    message: str
    at: KeyPath = ()
    value: object = None
    fix: str | int | None = None
    cap: Level | None = None
    line: int | None = None
    meant: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a policy may know beside its subject: a value, like everything it gets.

    Attributes:
        today: the day of the review; no policy reads a clock.
        others: rule id, and name under ``names``, to the rules of the head that hold it.
        title: of the pull request, empty where there is none.
        fields: the field sets of ECS with what the repository adds; None for those that Ruleward brings.
    """

    today: date
    settings: Settings
    ids: Mapping[str, tuple[RuleRef, ...]] = field(default_factory=dict[str, tuple[RuleRef, ...]])
    names: Mapping[str, tuple[RuleRef, ...]] = field(default_factory=dict[str, tuple[RuleRef, ...]])
    title: str = ""
    fields: FieldSets | None = None


Check = Callable[[Any, Context, Any], Iterator[Violation]]
"""``check(subject, context, options)``: the subject is a Rule, a RuleChange or an Aged, as the scope says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One policy: its identity, its manual and its check.

    Attributes:
        id: kebab-case, made of the function's name.
        group: the heading it stands under in the table.
        first_of: policies that share it speak once a rule: the lowest ``rank`` wins.
        excusable: whether a finding that stood in the base is toned down.
        waivable: whether a maintainer's label can waive it.
        stale: whether a finding of it makes a rule stale in the audit.
        options: the dataclass of its options, None where it has none.
        summary: one claim. ``why`` and ``remedy``: one paragraph each.
    """

    id: str
    level: Level
    scope: Scope
    group: str
    first_of: str
    rank: int
    excusable: bool
    waivable: bool
    stale: bool
    options: type | None
    summary: str
    why: str
    remedy: str
    check: Check

    @property
    def past(self) -> str:
        """How a maintainer accepts a finding, in Markdown: a part of a sentence."""
        if not self.waivable:
            return "no"
        standing = "`[[exceptions]]` in the config"
        if self.scope is Scope.AUDIT:
            return f"with {standing}"
        return f"with the label `waive: {self.id}` for one pull request, or {standing} for longer"

    def defaults(self) -> object:
        """Return the options as they are without any config."""
        return self.options() if self.options else None


def policy(
    level: Level,
    *,
    scope: Scope,
    group: str,
    options: type | None = None,
    first_of: str = "",
    rank: int = 0,
    excusable: bool = True,
    waivable: bool = True,
    stale: bool = False,
) -> Callable[[Check], Policy]:
    """Make a policy of a check; its id is the function's name, its manual the docstring.

    Raises:
        ValueError: the docstring lacks its summary, ``Why:`` or ``Fix:``, or the id is over 43 characters.
    """

    def make(check: Check) -> Policy:
        identity = check.__name__.replace("_", "-")
        summary, why, remedy = _manual(identity, inspect.getdoc(check) or "")
        if len(identity) > _LONGEST_ID:
            raise ValueError(f"{identity}: a policy id has at most {_LONGEST_ID} characters, so that its label fits")
        return Policy(
            id=identity,
            level=level,
            scope=scope,
            group=group,
            first_of=first_of,
            rank=rank,
            excusable=excusable,
            waivable=waivable,
            stale=stale or scope is Scope.AUDIT,
            options=options,
            summary=summary,
            why=why,
            remedy=remedy,
            check=check,
        )

    return make


_LONGEST_ID = 43


def _manual(identity: str, text: str) -> tuple[str, str, str]:
    """Split a docstring into its claim, its reason and its remedy."""
    summary, _, rest = text.strip().partition("\n\nWhy: ")
    why, _, remedy = rest.partition("\n\nFix: ")
    if not (summary and why and remedy) or "\n" in summary:
        raise ValueError(f"{identity}: the docstring needs a first line, a 'Why:' and a 'Fix:' paragraph")
    return " ".join(summary.split()), " ".join(why.split()), " ".join(remedy.split())


@lru_cache(maxsize=1)
def all_policies() -> Mapping[str, Policy]:
    """Find every policy by looking in the folder; id to policy, in the order of groups and ids.

    Raises:
        ValueError: a module of the folder holds no policy of its own name.
    """
    package = importlib.import_module("bot.policies")
    found: list[Policy] = []
    for module in pkgutil.iter_modules(package.__path__):
        candidate = getattr(importlib.import_module(f"bot.policies.{module.name}"), module.name, None)
        if not isinstance(candidate, Policy):
            raise ValueError(f"bot/policies/{module.name}.py: no policy function named {module.name}")
        found.append(candidate)
    found.sort(key=lambda each: (each.group, each.first_of, each.rank, each.id))
    return {each.id: each for each in found}


def meant(identity: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the ids that one which is none may stand for: those that it begins, else the one it most resembles."""
    names = list(known)
    family = tuple(name for name in names if name.startswith(f"{identity}-"))
    close = likely(identity, names)
    return family or ((close,) if close else ())


def likely(identity: str, known: Iterable[str]) -> str | None:
    """Return the id that a misspelt one most resembles, None where it resembles none."""
    from difflib import get_close_matches  # what is misspelt pays for it

    return next(iter(get_close_matches(identity, known, n=1)), None)


__all__ = [
    "REVIEWED",
    "Context",
    "Policy",
    "Rule",
    "RuleChange",
    "Scope",
    "Violation",
    "all_policies",
    "likely",
    "meant",
    "policy",
]
