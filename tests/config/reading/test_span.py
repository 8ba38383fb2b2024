import pytest

from config.reading.span import seconds
from v2g.errors import InputError


@pytest.mark.parametrize(("text", "length_s"), [("90", 90), ("60s", 60), ("5min", 300), ("1.5h", 5400), ("2 d", 172800)])
def test_spans_are_read(text: str, length_s: float) -> None:
    assert seconds(text) == length_s


@pytest.mark.parametrize("text", ["", "s", "-3s", "5 weeks", "1e9s", "nan"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no span of time"):
        seconds(text)
