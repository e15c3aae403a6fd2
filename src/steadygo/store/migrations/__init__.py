"""The schema's history: one file a step in versions/, named NUMBER_what.py, its revision the number."""
