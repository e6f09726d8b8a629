"""Small Protocols whose docstrings are the contract; each has a suite in ``tests/contract`` that every adapter passes."""
