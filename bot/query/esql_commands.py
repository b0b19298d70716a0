"""The commands of ES|QL, and which of them a word that is none may have been meant for."""

from __future__ import annotations

_RELEASED = (
    "where", "eval", "stats", "keep", "drop", "rename", "sort", "limit", "dissect", "grok", "mv_expand", "enrich",
    "lookup", "inline", "inlinestats", "fork", "fuse", "sample", "completion", "rerank", "change_point",
)  # fmt: skip
_NEWER = frozenset(
    {"cat", "collect", "dedup", "distinct", "embed", "fillnull", "graph_expand", "highlight", "insist", "join", "let",
     "load_result", "metrics_info", "mmr", "project", "registered_domain", "rrf", "ts_info", "unpivot", "untable",
     "uri_parts", "user_agent"}
)  # fmt: skip
"""In the grammar by now, behind a switch or in the newest versions alone."""


def meant(word: str) -> str | None:
    """The command that a word, in small letters, is one slip away from; None for a command, and for any other word.

    A word that is near to none may be a command of a later version than this program knows.
    """
    if word in _RELEASED or word in _NEWER:
        return None
    return next((name for name in _RELEASED if _near(word, name)), None)


def _near(word: str, name: str) -> bool:
    """Tell whether one letter more, less or different, or two that changed places, is all that differs."""
    start = next((at for at, (one, other) in enumerate(zip(word, name, strict=False)) if one != other), None)
    if start is None:
        return abs(len(word) - len(name)) == 1
    one, other = word[start:], name[start:]
    swapped = one[:2] == other[1::-1] and one[2:] == other[2:]
    return swapped or one[1:] == other or one == other[1:] or one[1:] == other[1:]


__all__ = ["meant"]
