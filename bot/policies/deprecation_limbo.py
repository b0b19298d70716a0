"""Rules that are announced to be deprecated, and still are not."""

from __future__ import annotations

from collections.abc import Iterator

from bot.audited import Aged
from bot.model import Level
from bot.policy import Context, Scope, Violation, policy
from bot.settings import NOTICE_PREFIX
from bot.told import coded


@policy(Level.WARNING, scope=Scope.AUDIT, group="stale")
def deprecation_limbo(aged: Aged, context: Context, _options: None) -> Iterator[Violation]:
    """The name has said `Deprecated - ` for more than `audit.limbo_days`, and the rule is not deprecated.

    Why: the notice is the first of two steps. Users have been told that the rule goes, yet it ships on, alerts on and
    is maintained by nobody.

    Fix: take the second step (maturity, `deprecation_date`, the deprecated folder), or take the notice out of the name.
    """
    rule, history = aged.rule, aged.history
    if not (rule.name or "").startswith(NOTICE_PREFIX):
        return
    since = (history.noticed if history else None) or rule.updated_date
    days = (context.today - since).days if since else 0
    if since is not None and days > context.settings.audit.limbo_days:
        yield Violation(
            message=f"announced as deprecated since `{since.isoformat()}`, {days:,} days ago, and still "
            f"{coded(rule.maturity or 'without a maturity')}",
            at=("rule", "name"),
            value=days,
        )
