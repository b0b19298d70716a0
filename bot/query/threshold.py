"""What a rule that counts asks of the events that its query matches, in words."""

from __future__ import annotations

from bot.model import Table, is_table, items
from bot.query.index import names
from bot.query.wording import named
from bot.told import marked


def words(value: object) -> str | None:
    """A threshold as a rule has it; a single event is no news where different values are counted."""
    if not is_table(value):
        return None
    count, different = value.get("value"), distinct(value)
    asked = [f"{count} {'event' if count == 1 else 'events'}"] * (count != 1 or different is None)
    asked += [different] if different is not None else []
    fields = names(value.get("field"))
    return f"at least {' and '.join(asked)}" + (f" per {named(fields)}" if fields else "")


def several(value: object) -> bool:
    """Tell whether one event is not enough."""
    return is_table(value) and (value.get("value") != 1 or distinct(value) is not None)


def distinct(threshold: Table) -> str | None:
    """How many different values are asked for, None where none are counted."""
    told = [
        f"{each.get('value')} different {marked(each.get('field'))}"
        for each in items(threshold.get("cardinality"))
        if is_table(each)
    ]
    return ", ".join(told) or None
