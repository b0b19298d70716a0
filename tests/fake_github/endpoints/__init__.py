"""The operations that the fake answers to, by area; each module adds its own to ``ROUTES``."""

from tests.fake_github.endpoints import accounts, commits, contents, issues, labels, pulls, reviews

__all__ = ["accounts", "commits", "contents", "issues", "labels", "pulls", "reviews"]
