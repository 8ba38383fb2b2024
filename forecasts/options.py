"""What the training process is told at its start."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOptions:
    """The country whose holidays count, and the cap of the process's address space [MiB]."""

    country: str
    memory_mb: int

    def to_argument(self) -> str:
        """Return the options as one command-line argument."""
        return json.dumps(asdict(self))
