"""Builders: rows and objects for tests, with everything filled in that the test does not care about."""
