from hypothesis import HealthCheck, settings

# How fast a machine is says nothing about whether the property holds.
settings.register_profile("lianxin", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("lianxin")
