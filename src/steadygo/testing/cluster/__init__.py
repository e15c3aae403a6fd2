"""Tests on several workers: on this machine, or on others."""
