"""The rows of each step where they rise at the beginning of a run: few rows learn much per token while all is new."""

from zaohua.training.settings import TrainingSettings


def rows_of(step: int, settings: TrainingSettings) -> int:
    """Rows in the step that follows `step` finished ones: linear from a quarter of them to all (Brown et al. 2020).

    A function of the step alone, so that a resumed run takes the same rows, whatever is computed at once.
    """
    if not settings.ramp:
        return settings.rows
    assert settings.steps is not None
    first, length = max(1, settings.rows // 4), round(settings.ramp * settings.steps)
    return settings.rows if step >= length else first + (settings.rows - first) * step // length


def rises_until(settings: TrainingSettings) -> int:
    """The first step that takes all rows, counted in finished ones."""
    return round(settings.ramp * (settings.steps or 0))
