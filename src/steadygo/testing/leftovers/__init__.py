"""What tests leave behind, by test, and which of it changes what later tests find."""
