"""What a query matches, and what an edit does to it: claims with certificates, never guesses."""

from __future__ import annotations

from bot.query.around import around
from bot.query.compare import Budget, compare, queries_of
from bot.query.languages import fields, syntax_error, tokens
from bot.query.text import SyntaxFault

__all__ = ["Budget", "SyntaxFault", "around", "compare", "fields", "queries_of", "syntax_error", "tokens"]
