"""How forecasts do, and who is to make them: pure numbers and decisions.

    skill = 1 − Σ n·loss / Σ n·baseline_loss,      over the scores of the last `WINDOW`

A model that loses to the baseline by `LOSES` gives way to it; it goes on being scored, and comes back when it wins by `WINS`.
Between the two nothing changes, so that luck does not make them take turns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(days=10)
LEAST_SCORES = 4
"""With fewer forecasts scored nothing is decided."""
LOSES, WINS = -0.05, 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastScore:
    """A forecast that came due at `at`: of `n` values the share within the 10–90 % band, the mean loss (CRPS, in the values' unit).

    `baseline_loss` is what the baseline would have lost on the same values.
    """

    signal: str
    at: datetime
    n: int
    inside: float
    loss: float
    baseline_loss: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a signal's model does: values scored, share of them within the 10–90 % band, skill; whether it may be used.

    Share and skill are None while nothing was scored.
    """

    signal: str
    n: int = 0
    coverage80: float | None = None
    skill: float | None = None
    model_in_use: bool = True


def standing(signal: str, scores: Sequence[ForecastScore], *, now: datetime, in_use: bool) -> Standing:
    """Return how the signal's model does by its `scores` until `now`, and whether to use it, which it is `in_use` or not."""
    recent = [s for s in scores if s.signal == signal and s.at > now - WINDOW and s.n > 0]
    n = sum(s.n for s in recent)
    if not n:
        return Standing(signal=signal, model_in_use=in_use)
    lost, baseline_lost = (sum(s.n * loss for s, loss in zip(recent, losses, strict=True)) for losses in _losses(recent))
    skill = 1.0 - lost / baseline_lost if baseline_lost > 0 else (0.0 if lost == 0 else -1.0)
    return Standing(
        signal=signal,
        n=n,
        coverage80=sum(s.n * s.inside for s in recent) / n,
        skill=skill,
        model_in_use=use_model(in_use=in_use, skill=skill, n_scores=len(recent)),
    )


def use_model(*, in_use: bool, skill: float, n_scores: int) -> bool:
    """Return whether the model is to be used, which is `in_use` or not, by its `skill` over `n_scores` forecasts."""
    if n_scores < LEAST_SCORES:
        return in_use
    return skill > LOSES if in_use else skill > WINS


def _losses(scores: Sequence[ForecastScore]) -> tuple[list[float], list[float]]:
    return [s.loss for s in scores], [s.baseline_loss for s in scores]
