"""`make images-check`: builds the four images without a container engine and starts their services, as root."""
