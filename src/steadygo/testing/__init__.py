"""Tests that mean the same everywhere: plan, run, compare, diagnose."""
