"""The proof that Ruleward does what it says."""
