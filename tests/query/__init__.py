"""What a query matches, and what an edit does to it."""
