"""What comes in over HTTP, checked and made into typed values, and what goes out."""
