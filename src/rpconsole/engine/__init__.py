"""The engine: performs what the domain decides, through ports, and writes down every outcome."""
