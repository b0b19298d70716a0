"""The manual page of each policy, in Markdown: what the documents and ``ruleward explain`` say alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.asking import EXCEPTION_EXPIRED, NO_RULE_FILES
from bot.judge import CONFIG_INVALID
from bot.model import Level
from bot.policy import Policy, Scope, all_policies
from bot.render.keys import first_line, keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Manual:
    """What is to be said of one id that a finding may bear; ``body`` is all beside its level and its claim."""

    id: str
    level: Level
    summary: str
    body: tuple[str, ...]

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """Everything below the heading."""
        off = ", until the config gives it one" if self.level is Level.OFF else ""
        return (self.summary, f"**Level:** {self.level}{off}", *self.body)


OF_THE_CONFIG: Mapping[str, Manual] = {
    identity: Manual(
        id=identity,
        level=level,
        summary=summary,
        body=(f"**Why:** {why}", f"**Fix:** {remedy}"),
    )
    for identity, level, summary, why, remedy in (
        (
            CONFIG_INVALID,
            Level.ERROR,
            "The pull request edits the config, and the new one cannot be used.",
            "It would stop every review once it is merged. This pull request is judged by the config of its base.",
            "Put right what the finding names, on its line.",
        ),
        (
            EXCEPTION_EXPIRED,
            Level.NOTICE,
            "The last day of a standing exception has passed.",
            "An exception that nobody looks at again turns into a rule that nobody decided on.",
            "Remove the exception, or give it a new `expires` and a reason that is still true.",
        ),
        (
            NO_RULE_FILES,
            Level.NOTICE,
            "No file is a rule, so nothing was reviewed.",
            "A review of nothing must not look like one that found nothing.",
            "Name the folders of your rules under `rules.include`, on the base branch or with `--config`.",
        ),
    )
}
"""Findings about the config and no rule: they have no level to set and cannot be excepted."""


def manuals() -> dict[str, Manual]:
    """Return a page for everything that a finding may be called, policies first."""
    pages = {
        each.id: Manual(id=each.id, level=each.level, summary=each.summary, body=tuple(_body(each)))
        for each in all_policies().values()
    }
    return {**pages, **OF_THE_CONFIG}


def _body(policy: Policy) -> Iterator[str]:
    yield f"**Why:** {_capital(policy.why)}"
    yield f"**Fix:** {_capital(policy.remedy)}"
    if policy.options is not None:
        yield f"**Options:** {first_line(policy.options)}"
        options = ((f"- `{key.name} = {key.default}`", key.meaning) for key in keys(policy.options))
        yield "\n".join(f"{option}: {meaning}" if meaning else option for option, meaning in options)
    if policy.scope is Scope.AUDIT:
        yield "`ruleward audit` asks it, no review does; the days stand under `[audit]` in the config."
    if not policy.excusable:
        yield "A finding that stood in the base already counts in full."
    yield f"**Can be waived:** {policy.past}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


__all__ = ["OF_THE_CONFIG", "Manual", "manuals"]
