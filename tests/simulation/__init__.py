"""Four services in one process under a seeded scheduler: what the fault suite proves on real processes, ten thousand times."""
