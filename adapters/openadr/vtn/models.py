"""What clients send, after the components of OpenADR 3.1.0's OpenAPI text: checked strictly, unknown fields dropped."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from adapters.openadr.times import read_instant

RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
MEANS_NOW = ("0001-01-01", "0001-01-01T00:00:00")
DURATION = r"^(-?)P(?=\d|T\d)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)([DW]))?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$"
INTERVALS_MAX = 2000


def _instant(text: str) -> str:
    if text not in MEANS_NOW:
        if not RFC3339.fullmatch(text):
            raise ValueError("give RFC 3339, as in 2026-01-01T08:00:00Z")
        read_instant(text)
    return text


def _duration(text: str) -> str:
    if not re.fullmatch(DURATION, text, re.ASCII):
        raise ValueError("give ISO 8601, as in PT1H")
    return text


Instant = Annotated[str, AfterValidator(_instant), Field(max_length=64, json_schema_extra={"format": "date-time"})]
Length = Annotated[str, AfterValidator(_duration), Field(max_length=64, json_schema_extra={"pattern": DURATION})]
ObjectId = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[a-zA-Z0-9_-]*$")]
Name = Annotated[str, Field(min_length=1, max_length=128)]
Text = Annotated[str, Field(max_length=1000)]
Url = Annotated[str, Field(min_length=2, max_length=8000, json_schema_extra={"format": "uri"})]
Targets = Annotated[list[Name], Field(max_length=1000)]
Int32 = Annotated[int, Field(ge=-(2**31), lt=2**31)]
Number = Annotated[float, Field(allow_inf_nan=False)]
ObjectType = Literal["PROGRAM", "EVENT", "REPORT", "SUBSCRIPTION", "VEN", "RESOURCE"]
Operation = Literal["READ", "CREATE", "UPDATE", "DELETE"]


class Form(BaseModel):
    """Base of all: a text in a number's place is somebody's mistake."""

    model_config = ConfigDict(strict=True, frozen=True)


class Point(Form):
    """A point of a curve."""

    x: Number
    y: Number


class ValuesMap(Form):
    """Values of a type."""

    type: Name
    values: Annotated[list[bool | int | Number | str | Point], Field(max_length=10_000)]


class IntervalPeriod(Form):
    """When intervals start and how long they last."""

    start: Instant | None = None
    duration: Length | None = None
    randomizeStart: Length | None = None


class Interval(Form):
    """What holds in a span of time."""

    id: Int32
    intervalPeriod: IntervalPeriod | None = None
    payloads: Annotated[list[ValuesMap], Field(max_length=100)]


class EventPayloadDescriptor(Form):
    """Unit and currency of a payload type."""

    objectType: Literal["EVENT_PAYLOAD_DESCRIPTOR"]
    payloadType: Name
    units: Name | None = None
    currency: Text | None = None


class ReportPayloadDescriptor(Form):
    """Unit and quality of a report's payload type."""

    objectType: Literal["REPORT_PAYLOAD_DESCRIPTOR"]
    payloadType: Name
    readingType: Name | None = None
    units: Name | None = None
    accuracy: Number | None = None
    confidence: Annotated[int, Field(ge=0, le=100)] | None = None


class ReportDescriptor(Form):
    """A report that is wanted."""

    payloadType: Name
    readingType: Name | None = None
    units: Name | None = None
    targets: Targets | None = None
    aggregate: bool = False
    startInterval: Int32 = -1
    numIntervals: Int32 = -1
    historical: bool = True
    frequency: Int32 = -1
    repeat: Int32 = 1
    reportIntervals: Literal["INTERVALS", "SUB_INTERVALS", "OPEN_INTERVALS"] = "INTERVALS"


class ProgramDescription(Form):
    """Where a program is described."""

    URL: Url


class ProgramRequest(Form):
    """A program or tariff."""

    programName: Name
    intervalPeriod: IntervalPeriod | None = None
    programDescriptions: Annotated[list[ProgramDescription], Field(max_length=100)] | None = None
    payloadDescriptors: Annotated[list[EventPayloadDescriptor | ReportPayloadDescriptor], Field(max_length=100)] | None = None
    attributes: Annotated[list[ValuesMap], Field(max_length=100)] | None = None
    targets: Targets | None = None


class EventRequest(Form):
    """Prices, limits, dispatch or alerts over time."""

    programID: ObjectId
    eventName: Text | None = None
    duration: Length | None = None
    priority: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    targets: Targets | None = None
    reportDescriptors: Annotated[list[ReportDescriptor], Field(max_length=100)] | None = None
    payloadDescriptors: Annotated[list[EventPayloadDescriptor], Field(max_length=100)] | None = None
    intervalPeriod: IntervalPeriod | None = None
    intervals: Annotated[list[Interval], Field(max_length=INTERVALS_MAX)] | None = None


class ReportResource(Form):
    """What a report tells of one resource."""

    resourceName: Name
    intervalPeriod: IntervalPeriod | None = None
    intervals: Annotated[list[Interval], Field(max_length=INTERVALS_MAX)]


class ReportRequest(Form):
    """A report on an event."""

    eventID: ObjectId
    clientName: Name
    reportName: Text | None = None
    payloadDescriptors: Annotated[list[ReportPayloadDescriptor], Field(max_length=100)] | None = None
    resources: Annotated[list[ReportResource], Field(max_length=1000)]


class ObjectOperation(Form):
    """What a subscriber wants to hear of, and where."""

    objects: Annotated[list[ObjectType], Field(max_length=20)]
    operations: Annotated[list[Operation], Field(max_length=20)]
    callbackUrl: Url
    bearerToken: Annotated[str, Field(max_length=4096)] | None = None


class SubscriptionRequest(Form):
    """A wish to be told of changes."""

    clientName: Name
    programID: ObjectId | None = None
    objectOperations: Annotated[list[ObjectOperation], Field(max_length=20)]
    targets: Targets | None = None


class BlVenRequest(Form):
    """A VEN as business logic describes it."""

    objectType: Literal["BL_VEN_REQUEST"]
    clientID: Name
    venName: Name
    targets: Targets | None = None
    attributes: Annotated[list[ValuesMap], Field(max_length=100)] | None = None


class VenVenRequest(Form):
    """A VEN as it describes itself."""

    objectType: Literal["VEN_VEN_REQUEST"]
    venName: Name
    attributes: Annotated[list[ValuesMap], Field(max_length=100)] | None = None


VenRequest = Annotated[BlVenRequest | VenVenRequest, Field(discriminator="objectType")]


class BlResourceRequest(Form):
    """What a VEN steers, as business logic describes it; it belongs to the VEN's client, whatever `clientID` says."""

    objectType: Literal["BL_RESOURCE_REQUEST"]
    resourceName: Name
    venID: ObjectId
    clientID: Name | None = None
    targets: Targets | None = None
    attributes: Annotated[list[ValuesMap], Field(max_length=100)] | None = None


class VenResourceRequest(Form):
    """What a VEN steers, as it says itself; of the one VEN of the client where `venID` is left out."""

    objectType: Literal["VEN_RESOURCE_REQUEST"]
    resourceName: Name
    venID: ObjectId | None = None
    attributes: Annotated[list[ValuesMap], Field(max_length=100)] | None = None


ResourceRequest = Annotated[BlResourceRequest | VenResourceRequest, Field(discriminator="objectType")]


class Metadata(BaseModel):
    """What the VTN knows of every object."""

    id: ObjectId
    createdDateTime: Instant
    modificationDateTime: Instant


class Owned(Metadata):
    """What belongs to a client."""

    clientID: Name


class Program(Metadata, ProgramRequest):
    """A program as it is kept."""

    objectType: Literal["PROGRAM"] = "PROGRAM"


class Event(Metadata, EventRequest):
    """An event as it is kept."""

    objectType: Literal["EVENT"] = "EVENT"


class Report(Owned, ReportRequest):
    """A report as it is kept."""

    objectType: Literal["REPORT"] = "REPORT"


class Subscription(Owned, SubscriptionRequest):
    """A subscription as it is kept; its bearer token is shown to its owner only."""

    objectType: Literal["SUBSCRIPTION"] = "SUBSCRIPTION"


class Ven(Owned):
    """A VEN as it is kept."""

    objectType: Literal["VEN"] = "VEN"
    venName: Name
    targets: Targets | None = None
    attributes: list[ValuesMap] | None = None


class Resource(Owned):
    """A resource as it is kept."""

    objectType: Literal["RESOURCE"] = "RESOURCE"
    resourceName: Name
    venID: ObjectId
    targets: Targets | None = None
    attributes: list[ValuesMap] | None = None


class Problem(BaseModel):
    """What went wrong (RFC 9457); nothing was changed."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


class TokenAnswer(BaseModel):
    """A bearer token (RFC 6749)."""

    access_token: Annotated[str, Field(min_length=1, max_length=4096)]
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  # its kind, not a secret
    expires_in: int
    scope: Annotated[str, Field(max_length=4096)]


class AuthServer(BaseModel):
    """Where tokens are given."""

    tokenURL: Url


class Notifiers(BaseModel):
    """How changes can be told."""

    WEBHOOK: bool = True


Document = dict[str, Any]
"""An object as JSON."""
