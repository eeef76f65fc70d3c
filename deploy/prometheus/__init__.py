"""Rules, and where their links lead."""
