"""What deploy/compose.yaml is given: its secrets, and the origin of `make run` from the same source."""
