"""One daemon and its chargers over OCPP: memory a charger, setpoints fanned out, a reconnect storm, ticks in time.

    python benchmarks/ocpp.py [--chargers 5000] [--setpoints 1000] [--json]

The daemon runs whole, in a process of its own: database, control ticks and looks, REST API. The chargers are the simulated farm's,
in another: a third of each version of OCPP, all of them charging, with meter values each 10 s.
"""

import sys
from pathlib import Path

sys.path.pop(0)  # this folder, in which `ocpp` is this file and not the package
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.ocpp_load import main

if __name__ == "__main__":
    main(__doc__)
