"""What holds for all tests."""

from hypothesis import settings

# How long an example takes says how busy the machine is; speed lives in `benchmarks/`. The same examples each time keep a change's
# tests about that change; `--hypothesis-profile default` looks for new ones.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")
