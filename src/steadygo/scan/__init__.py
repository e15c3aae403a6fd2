"""Discover, read, link, judge: from a directory to findings."""
