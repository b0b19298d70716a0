"""Ruleward: governance for repositories of detection rules."""

__version__ = "0.1.0"
