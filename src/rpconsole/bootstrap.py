"""Composition root: the only place where ports meet their adapters."""
