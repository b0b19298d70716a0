"""What a repository decides: the typed form of ``.github/ruleward.toml``, with the defaults of the contract."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from bot.model import Category, Level

if TYPE_CHECKING:
    import pathspec

CONFIG_PATH = ".github/ruleward.toml"
"""Where the config stands in every repository."""


class EcsMode(StrEnum):
    """Whether rules may, must or must not declare ``metadata.ecs_version``."""

    OPTIONAL = "optional"
    REQUIRE = "require"
    FORBID = "forbid"


class CommentMode(StrEnum):
    """When the bot comments: on what matters, always, or never."""

    CHANGES = "changes"
    ALWAYS = "always"
    OFF = "off"


class Permission(StrEnum):
    """What a person may do in a repository, by GitHub's names."""

    TRIAGE = "triage"
    WRITE = "write"
    MAINTAIN = "maintain"
    ADMIN = "admin"


@dataclass(frozen=True)
class Globs:
    """Path patterns as in ``.gitignore``: ``**/`` matches no folder too, a later ``!pattern`` takes back."""

    patterns: tuple[str, ...]

    @cached_property
    def _spec(self) -> pathspec.GitIgnoreSpec:
        return _compiled(self.patterns)

    @cached_property
    def _known(self) -> dict[str, bool]:
        return {}  # an audit asks several times about every path

    def __contains__(self, path: str) -> bool:
        """Tell whether a path, with forward slashes from the top of the repository, is meant."""
        if not self.patterns:
            return False
        found = self._known.get(path)
        if found is None:
            found = self._known[path] = self._spec.match_file(path)
        return found

    def roots(self) -> tuple[str, ...]:
        """Return the folders outside which nothing can match, none where a pattern is not tied to a folder."""
        roots = {_root(pattern) for pattern in self.patterns if not pattern.startswith("!")}
        return () if "" in roots else tuple(sorted(roots))


def _compiled(patterns: Iterable[str]) -> pathspec.GitIgnoreSpec:
    import pathspec  # 30 ms that only commands which meet a path should pay

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # what `[[` may mean to Python one day
        return pathspec.GitIgnoreSpec.from_lines(patterns)


_DOUBTFUL = re.compile(r"[\\!\[]")  # no other sign can make a pattern none, and most have none of these


def is_pattern(text: str) -> bool:
    """Tell whether a text is a path pattern as in ``.gitignore``: with a lone backslash or ``[z-a]`` it is none."""
    if not _DOUBTFUL.search(text):
        return True
    try:
        _compiled([text])
    except (ValueError, re.error):
        return False
    return True


def is_quick(pattern: str) -> bool:
    """Tell whether no path makes a path pattern slow.

    Each ``**`` tries every folder and each star after the first of a name every length, and what they try multiplies.
    """
    parts = pattern.split("/")
    several = sum(max(len(_STARS.findall(part)) - 1, 0) for part in parts)
    return parts.count("**") + several <= _MOST_STARS


_STARS = re.compile(r"\*+")
_MOST_STARS = 2


def _root(pattern: str) -> str:
    """The fixed folders at the start of an anchored pattern, empty where there are none."""
    parts = pattern.removeprefix("/").split("/")
    fixed: list[str] = []
    for part in parts[:-1]:
        if any(char in part for char in "*?[\\"):
            break
        fixed.append(part)
    return "/".join(fixed)


@dataclass(frozen=True, kw_only=True)
class RuleFiles:
    """Which files are rules.

    Attributes:
        include: globs of rule files, as in `.gitignore`.
        exclude: globs of files among them that are no rules.
        deprecated: globs of the folders that deprecated rules belong in.
        max_bytes: how large a rule file may be before it counts as unreadable.
    """

    include: tuple[str, ...] = ("rules/**/*.toml", "rules_building_block/**/*.toml")
    exclude: tuple[str, ...] = ()
    deprecated: tuple[str, ...] = ("rules/_deprecated/**",)
    max_bytes: int = 1_000_000

    @cached_property
    def included(self) -> Globs:
        """The patterns of rule files."""
        return Globs(self.include)

    @cached_property
    def excluded(self) -> Globs:
        """The patterns of files that are none."""
        return Globs(self.exclude)

    @cached_property
    def retired(self) -> Globs:
        """The patterns of the deprecated folders."""
        return Globs(self.deprecated)

    def governs(self, path: str) -> bool:
        """Tell whether a path is that of a rule file; a rule is TOML, whatever else a pattern takes in."""
        return path.lower().endswith(".toml") and path in self.included and path not in self.excluded


@dataclass(frozen=True, kw_only=True)
class Bump:
    """Which categories of change ask for a new ``updated_date``.

    Attributes:
        requires: the categories; a change in no other asks for a new date.
    """

    requires: frozenset[Category] = frozenset(Category) - {Category.BOOKKEEPING}


@dataclass(frozen=True, kw_only=True)
class Maturity:
    """The states of a rule's life, and which may follow which.

    Attributes:
        states: every state, in the order of a rule's life.
        entry: the states that a new rule may start in.
        shipping: the states whose rules reach users.
        edges: for each state those that may follow it; one that is not named here cannot be left.
    """

    states: tuple[str, ...] = ("development", "experimental", "beta", "production", "deprecated")
    entry: tuple[str, ...] = ("development", "experimental", "beta", "production")
    shipping: tuple[str, ...] = ("production",)
    edges: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: {
            "development": ("experimental", "beta", "production", "deprecated"),
            "experimental": ("beta", "production", "deprecated"),
            "beta": ("production", "deprecated"),
            "production": ("deprecated",),
            "deprecated": (),
        }
    )

    def order(self, state: str | None) -> int:
        """Return how far along a state is, -1 for one that is none; later in ``states`` is forward."""
        return self.states.index(state) if state in self.states else -1

    def before_shipping(self, state: str | None) -> bool:
        """Tell whether a state comes before every one that ships."""
        shipping = [self.order(each) for each in self.shipping]
        return bool(shipping) and 0 <= self.order(state) < min(shipping)


@dataclass(frozen=True, kw_only=True)
class Ecs:
    """How ``metadata.ecs_version`` is governed.

    Attributes:
        mode: whether rules may, must or must not declare `ecs_version`.
        minimum: the oldest version that is not outdated; empty for any.
        versions: versions to know beside the built-in ones.
        schemas: a folder of flat ECS schemas in YAML, with fields to know beside the built-in ones.
        stack_map: a `stack-schema-map.yaml`: which version of ECS a rule's `min_stack_version` stands for.
    """

    mode: EcsMode = EcsMode.OPTIONAL
    minimum: str = ""
    versions: tuple[str, ...] = ()
    schemas: str = ""
    stack_map: str = ""


@dataclass(frozen=True, kw_only=True)
class LabelStyle:
    """How one of the bot's labels looks; None keeps the default.

    Attributes:
        name: what it is called, at most 50 characters.
        color: six hex digits, without `#`.
        description: at most 100 characters, and none beyond U+FFFF: GitHub takes no emoji such as 🛡 there.
    """

    name: str | None = None
    color: str | None = None
    description: str | None = None


@dataclass(frozen=True, kw_only=True)
class Waivers:
    """Who may waive a policy with a label.

    Attributes:
        permission: the least access to the repository that a person needs.
        allow_author: whether those who opened the pull request or wrote one of its commits may, too.
    """

    permission: Permission = Permission.WRITE
    allow_author: bool = False


@dataclass(frozen=True, kw_only=True)
class Comment:
    """What the comment holds.

    Attributes:
        mode: when to comment: on what matters, always, or never.
        bulk_threshold: how many changed rules make a pull request bulk.
        max_inline: on how many lines of the diff to comment at most.
        template: a Jinja file with blocks of the comment to use in place of the built-in ones.
    """

    mode: CommentMode = CommentMode.CHANGES
    bulk_threshold: int = 50
    max_inline: int = 30
    template: str = ""


@dataclass(frozen=True, kw_only=True)
class Removal:
    """Until what age, in days, taking a rule back is no removal of coverage.

    Attributes:
        grace_days: a younger rule that is removed gets a warning and no error.
    """

    grace_days: int = 45


@dataclass(frozen=True, kw_only=True)
class Audit:
    """When a rule is stale, and when a deprecated one can go; days.

    Attributes:
        stale_days: a rule is stale once `updated_date` is longer ago.
        stale_logic_days: a rule is stale once what it detects last changed longer ago.
        limbo_days: how long a name may say `Deprecated - ` before the rule is deprecated.
        promote_days: how long a rule may stand in a state before shipping.
        delete_days: a rule that has been deprecated for longer is listed to be deleted.
        owners: the CODEOWNERS file that says whose a rule is.
    """

    stale_days: int = 365
    stale_logic_days: int = 730
    limbo_days: int = 90
    promote_days: int = 180
    delete_days: int = 730
    owners: str = ".github/CODEOWNERS"


@dataclass(frozen=True, kw_only=True)
class CommitStatus:
    """The commit status that a branch protection rule requires; ``{base}`` is the base branch.

    Attributes:
        context: the name that it has on a commit.
    """

    context: str = "ruleward: {base}"


DERIVED = "derived"
"""What marks a field that the config does not hold: reading it fills that in."""


@dataclass(frozen=True, kw_only=True)
class StandingException:
    """A finding that the repository has decided to live with until a day.

    Attributes:
        policy: what it excepts.
        reason: why; it is shown wherever the exception counts.
        rule_id: the rule that it is for, this or a path.
        path: the file that it is for, in place of a rule's id.
        expires: the last day on which it holds; without one it has no end.
        line: where it stands in the config, 1-based.
    """

    policy: str
    reason: str
    rule_id: str | None = None
    path: str | None = None
    expires: date | None = None
    line: int | None = field(default=None, metadata={DERIVED: True})

    def holds(self, today: date) -> bool:
        """Tell whether it still holds on a day."""
        return self.expires is None or today <= self.expires

    def covers(self, policy: str, *, path: str, rule_id: str | None) -> bool:
        """Tell whether it is for a policy's findings of one rule."""
        mine = self.path == path if self.rule_id is None else self.rule_id == rule_id
        return mine and self.policy == policy


@dataclass(frozen=True, kw_only=True)
class PolicySetting:
    """What the config says of one policy.

    Attributes:
        level: None keeps the policy's own.
        options: an instance of the policy's options type, None for one that has none.
    """

    level: Level | None = None
    options: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something stands in a config; line and column are 1-based."""

    path: str
    line: int
    column: int

    def __str__(self) -> str:
        """Write it as compilers do."""
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The whole config.

    Attributes:
        places: where the keys stand that name other files, for what is to be said of a file that is not there.
    """

    rules: RuleFiles = field(default_factory=RuleFiles)
    policies: Mapping[str, PolicySetting] = field(default_factory=dict[str, PolicySetting])
    bump: Bump = field(default_factory=Bump)
    maturity: Maturity = field(default_factory=Maturity)
    ecs: Ecs = field(default_factory=Ecs)
    labels: Mapping[str, LabelStyle] = field(default_factory=dict[str, LabelStyle])
    waivers: Waivers = field(default_factory=Waivers)
    comment: Comment = field(default_factory=Comment)
    removal: Removal = field(default_factory=Removal)
    audit: Audit = field(default_factory=Audit)
    status: CommitStatus = field(default_factory=CommitStatus)
    exceptions: tuple[StandingException, ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict[str, Place], compare=False, metadata={DERIVED: True})

    def place(self, key: str) -> Place:
        """Return where a key such as ``ecs.schemas`` stands, the config's start where that is not known."""
        return self.places.get(key) or Place(path=CONFIG_PATH, line=1, column=1)

    def asks(self, policy: str, *, path: str, rule_id: str | None, today: date) -> bool:
        """Tell whether a policy that is on by default is on for one rule: not turned off, and not excepted."""
        setting = self.policies.get(policy)
        if setting is not None and setting.level is Level.OFF:
            return False
        return not any(
            each.holds(today) and each.covers(policy, path=path, rule_id=rule_id) for each in self.exceptions
        )

    def is_deprecated(self, path: str, maturity: str | None) -> bool:
        """Tell whether a rule is deprecated, by its state or by where it stands."""
        return maturity == DEPRECATED or path in self.rules.retired


DEPRECATED = "deprecated"
"""The state of a rule that is kept for the record only."""

NOTICE_PREFIX = "Deprecated - "
"""How a name announces that its rule will be deprecated."""
