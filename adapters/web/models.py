"""What all that the API says and is told has in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Model(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(frozen=True)


Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
"""JSON numbers only: a string or a boolean in a number's place is somebody's mistake."""


Text = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*$")]
"""Words of people, without control characters: some databases cannot keep them all, and some logs obey them."""


class Form(BaseModel):
    """Base of all forms: unknown fields are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)
