"""What a Go build put together: read it back, explain why two differ, prove what was shipped, make it the same twice."""
