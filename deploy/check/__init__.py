"""`python -m deploy.check`: everything about running Lianxin that can be proven without a cluster."""
