"""What a query matches, and what an edit does to it: claims with certificates, never guesses."""

from __future__ import annotations

from bot.query.around import around, data_views, indicators_reformatted, moved_whole
from bot.query.compare import Budget, compare, indices_of, language_of, queries_of
from bot.query.conditions import Condition, conditions, maxspan, missing_metadata
from bot.query.dead import Dead, dead
from bot.query.languages import fields, syntax_error, tokens, values_over_lines
from bot.query.places import again, standing
from bot.query.text import SyntaxFault

__all__ = [
    "Budget",
    "Condition",
    "Dead",
    "SyntaxFault",
    "again",
    "around",
    "compare",
    "conditions",
    "data_views",
    "dead",
    "fields",
    "indicators_reformatted",
    "indices_of",
    "language_of",
    "maxspan",
    "missing_metadata",
    "moved_whole",
    "queries_of",
    "standing",
    "syntax_error",
    "tokens",
    "values_over_lines",
]
