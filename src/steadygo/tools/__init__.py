"""One adapter for each outside program. run.py alone spawns processes."""
