"""What deploy/compose.yaml is given: its secrets, and what is its own of the servers' configuration."""
