"""When a job starts by itself: a frequency in words or as cron has it, in a time zone, and what becomes of missed times."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, field_validator
from pydantic_core import PydanticCustomError

from datahub.project.frequency import NoFrequency, cron
from datahub.project.model import Config, Length
from datahub.zones import is_zone


class Schedule(Config):
    """One schedule of a job; `"every day at 02:30"` alone is short for one."""

    every: str
    """`every 5 minutes`, `every weekday at 07:00`, `last weekday of the month at 18:30`, `@daily`, or five fields: `30 2 * * *`."""
    timezone: str = ""
    """The time zone of the clock that is meant; the project's where it is empty."""
    catch_up: Literal["latest", "none", "all"] = "latest"
    """What is made up for after a stop: the latest of the missed times, none, or all of them; those of `all` wait for each other, whatever
    `overlap` says of others, but where a later one cancels the previous."""
    grace: Length = timedelta(hours=1)
    """How late the latest may still be run; later it is recorded as misfired."""
    most: int = Field(default=24, ge=1, le=10_000)
    """How many missed times `all` makes up for, the latest ones."""
    jitter: Length = timedelta(0)
    """Up to how much later than said it starts, always the same for one time and always before the time that comes next, so that many jobs
    do not start at once."""

    @field_validator("every")
    @classmethod
    def _a_frequency(cls, value: str) -> str:
        try:
            cron(value)
        except NoFrequency as problem:
            raise PydanticCustomError("frequency", "{message}", {"message": problem.message, "help": problem.help}) from None
        return value

    @field_validator("timezone")
    @classmethod
    def _a_zone(cls, value: str) -> str:
        return value and zone_name(value)

    @property
    def cron(self) -> str:
        """The five fields of cron."""
        return cron(self.every)


def zone_name(value: str) -> str:
    """`value`, if it is the name of a time zone."""
    if not is_zone(value):
        message = "this is no time zone"
        raise PydanticCustomError("zone", "{message}", {"message": message, "help": "write a name such as `Europe/Paris`"})
    return value


def _several(value: Any) -> Any:
    found = value if isinstance(value, list | tuple) else [value]
    return tuple({"every": one} if isinstance(one, str) else one for one in found)


Schedules: TypeAlias = Annotated[
    tuple[Schedule, ...], BeforeValidator(_several, json_schema_input_type=str | Schedule | list[str | Schedule])
]
"""One schedule or several: text, a table, or a list of them."""
