"""A repository's first day with Ruleward: ``init`` writes the files, ``doctor`` looks whether they work."""
