"""What of `k8s/` a program writes: the alert rules as objects, and the secrets of a new system."""
