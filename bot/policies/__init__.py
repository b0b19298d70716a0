"""One policy a file; found by looking in this folder, so a new one edits nothing."""
