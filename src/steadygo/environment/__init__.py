"""Fingerprints of environments: capture, compare, rank, gate, toolchains, sync."""
