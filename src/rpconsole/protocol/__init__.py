"""Messages between the engine's process and its clients: one JSON object a line, over a unix socket."""
