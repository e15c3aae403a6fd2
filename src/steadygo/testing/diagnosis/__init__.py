"""Why a test fails now and then, found by experiment."""
