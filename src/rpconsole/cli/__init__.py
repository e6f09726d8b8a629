"""The command line: one file a group, no logic. Everything heavy is imported inside the command that needs it."""
