"""One folder a chapter, one file a rule. Adding a rule touches one file; see rule.py for what it holds."""
