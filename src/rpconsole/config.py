"""The configuration file: its fields, its reading, its sentences about mistakes."""
