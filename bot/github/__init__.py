"""GitHub: what an event asks for, what is there, what should be there, and the calls in between."""
