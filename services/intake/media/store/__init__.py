"""All SQL on photos and videos, one module per concern. Returns domain values."""
