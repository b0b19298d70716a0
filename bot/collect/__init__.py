"""Where rule text comes from: git objects, and the working tree."""
