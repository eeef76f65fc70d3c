"""What a release may change: compared with the last one, whose code is taken from the history."""
