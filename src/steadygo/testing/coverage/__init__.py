"""Coverage: profiles put together, counted by function and by line, and compared with those of another revision."""
