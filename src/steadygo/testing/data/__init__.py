"""Test data: each test binary gets a database or directory of its own, and what a killed run left is reclaimed."""
