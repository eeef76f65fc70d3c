"""What every process tells of itself, and who looks at it."""
