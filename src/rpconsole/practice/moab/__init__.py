"""A small Moab: its clients' words and forms over a spool directory. Standard library only, for it must start fast."""
