"""The demonstration: residents, officers, a broken broker, warning letters and the accounts of it all."""
