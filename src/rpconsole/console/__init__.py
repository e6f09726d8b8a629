"""The operator's console: a client of the engine that draws what it is told and carries a person's orders."""
