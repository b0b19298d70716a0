"""Pull requests that are made to cost much, each with what is to be said of it."""
