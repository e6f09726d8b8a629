"""The engine's process: a unix-socket server around the engine, signals, systemd, one owner a socket."""
