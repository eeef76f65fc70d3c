"""Lianxin without containers: servers of its own, its processes, one origin, all under one folder."""
