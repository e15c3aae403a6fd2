"""One file a verb: parse, call, save, print, exit code. No logic."""
