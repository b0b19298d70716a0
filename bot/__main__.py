"""``python -m bot``: the same as ``ruleward``."""

from bot.cli import main

main()
