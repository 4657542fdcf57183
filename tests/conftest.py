"""What every test run has in common."""

from hypothesis import settings

# Two busy cores make single examples slow now and then; pytest-timeout bounds whole tests.
settings.register_profile("datasphere-flight", deadline=None)
settings.load_profile("datasphere-flight")
