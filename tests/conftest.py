"""Settings of all tests: property tests are not timed, since a first example may compile a kernel."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
