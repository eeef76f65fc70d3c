"""What of `k8s/` a program writes: copies that a kustomization needs below itself, and the secrets of a new system."""
