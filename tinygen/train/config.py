"""The options of a run, declared once and checked wherever their values come from.

An option is a field of a frozen dataclass: its annotation is the type, its default the
default, `option(...)` adds one line of help and the values that are possible.

>>> from dataclasses import dataclass
>>> @dataclass(frozen=True)
... class Mine(Config):
...     lr: float = option(1e-3, "step size", above=0)
...     steps: int = 500  # another default; help and bounds stay those of Config
>>> Mine().parsed({"lr": "0.01"}).lr
0.01
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, get_type_hints

from tinygen.backend import DEVICES
from tinygen.errors import ConfigError, choices


def option(
    default,
    help: str = "",
    *,
    least=None,
    above=None,
    most=None,
    below=None,
    choices: tuple | None = None,
):
    """A field of a `Config`: its default, help and bounds.

    least, most : bounds that are themselves allowed      above, below : bounds that
    are not      choices : the only values possible
    """
    bounds = {"least": least, "above": above, "most": most, "below": below}
    given = {"help": help, "choices": choices, **bounds}
    kept = {key: value for key, value in given.items() if value not in (None, "")}
    return field(default=default, metadata=kept)


@dataclass(frozen=True)
class Kind:
    """A type that an option can have: its name, how text and values become it."""

    words: str
    from_text: Callable[[str], Any]
    from_value: Callable[[Any], Any]


def _exactly(*types) -> Callable:
    def check(value):
        if type(value) not in types:
            raise ValueError
        return types[0](value)

    return check


def _truth(text: str) -> bool:
    words = {"true": True, "yes": True, "1": True}
    words |= {"false": False, "no": False, "0": False}
    if text.lower() not in words:
        raise ValueError
    return words[text.lower()]


def _wholes(values) -> tuple[int, ...]:
    return tuple(_exactly(int)(value) for value in values)


KINDS = {
    bool: Kind("true or false", _truth, _exactly(bool)),
    int: Kind("a whole number", int, _exactly(int)),
    float: Kind("a number", float, _exactly(float, int)),
    str: Kind("text", str, _exactly(str)),
    tuple[int, ...]: Kind(
        "whole numbers with commas between",
        lambda text: tuple(int(part) for part in text.split(",") if part.strip()),
        _wholes,
    ),
}


@dataclass(frozen=True)
class Option:
    """What is known of one option of a `Config` class."""

    name: str
    kind: Kind
    default: Any
    help: str = ""
    choices: tuple | None = None
    least: float | None = None
    above: float | None = None
    most: float | None = None
    below: float | None = None

    def parse(self, text: str):
        """The value that `text` stands for; ConfigError if it is not of the type."""
        try:
            return self.kind.from_text(text)
        except ValueError:
            raise self.error(text) from None

    def check(self, value):
        """The value, of the right type and possible; else ConfigError."""
        try:
            value = self.kind.from_value(value)
        except (ValueError, TypeError):
            raise self.error(value) from None
        if not self.allows(value):
            raise self.error(value)
        return value

    def allows(self, value) -> bool:
        """Whether the value keeps within the bounds and among the choices."""
        return (
            (self.choices is None or value in self.choices)
            and not (isinstance(value, float) and not math.isfinite(value))
            and (self.least is None or value >= self.least)
            and (self.above is None or value > self.above)
            and (self.most is None or value <= self.most)
            and (self.below is None or value < self.below)
        )

    @property
    def possible(self) -> str:
        """The possible values in words: 'a whole number, at least 1'."""
        if self.choices is not None:
            return "one of " + ", ".join(str(choice) for choice in self.choices)
        bounds = [
            (self.least, "at least"),
            (self.above, "above"),
            (self.most, "at most"),
            (self.below, "below"),
        ]
        parts = [f"{words} {bound}" for bound, words in bounds if bound is not None]
        return ", ".join([self.kind.words, *parts])

    def error(self, value) -> ConfigError:
        """The error for a value that is not possible."""
        return ConfigError(
            f"option {self.name}: {value!r:.60} is not {self.possible}. "
            f"Fix: {self.name}={shown(self.default)}, the default, or another such"
        )


@dataclass(frozen=True)
class Config:
    """The options that every recipe has.  A recipe adds its own in a subclass.

    Raises ConfigError, naming the option, for a value of a wrong type or out of bounds.
    """

    data: str = option("mnist", "see `tinygen data list`, or a folder of images")
    steps: int = option(2000, "training steps", least=1)
    batch_size: int = option(64, "samples in a step", least=1)
    seed: int = option(0, "all randomness follows from it", least=0, most=2**63 - 1)
    device: str = option("cpu", "where to compute", choices=DEVICES)
    graph: bool = option(False, "on a GPU: whole steps as CUDA graphs")
    log_every: int = option(20, "steps between rows of the log", least=1)
    sample_every: int = option(500, "steps between pictures of samples", least=1)
    save_every: int = option(500, "steps between checkpoints", least=1)
    ema: float = option(0.0, "decay of averaged weights, 0 for none", least=0, below=1)
    image_size: int = option(0, "side of images, 0: as fits", least=0, most=1024)
    color: str = option("auto", "grey or RGB images", choices=("auto", "grey", "rgb"))
    bad_files: str = option("refuse", "in a folder", choices=("refuse", "skip"))

    def __post_init__(self):
        for one in self.options():
            object.__setattr__(self, one.name, one.check(getattr(self, one.name)))

    @classmethod
    def options(cls) -> list[Option]:
        """Every option, those of `Config` first."""
        types = get_type_hints(cls)
        return [
            Option(
                one.name,
                _kind(one.name, types[one.name]),
                one.default,
                **_about(cls, one),
            )
            for one in fields(cls)
        ]

    def parsed(self, settings: Mapping[str, str]) -> "Config":
        """The same options with some replaced by values given as text.

        Raises ConfigError for an unknown name, with the nearest, or a wrong value.
        """
        known = {one.name: one for one in self.options()}
        check_names(settings, known)
        return replace(
            self, **{k: known[k].parse(text) for k, text in settings.items()}
        )

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Config":
        """Options from a mapping, as read from JSON; ConfigError as for `parsed`."""
        check_names(values, [one.name for one in cls.options()])
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Name -> value, fit for JSON."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }


def _kind(name: str, annotation) -> Kind:
    """The kind of an option, from the annotation of its field."""
    if annotation not in KINDS:
        raise ConfigError(
            f"option {name}: annotation {annotation} is none that can be typed in. "
            "Fix: annotate it as bool, int, float, str or tuple[int, ...]"
        )
    return KINDS[annotation]


def _about(cls, one) -> dict[str, Any]:
    """Help and bounds of a field: its own, else those of the field it overrides."""
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        inherited = base.__dict__.get("__dataclass_fields__", {}).get(one.name)
        found |= inherited.metadata if inherited is not None else {}
    return found


def check_names(given, known) -> None:
    """Raise ConfigError if a name given is not known: the nearest one, and the list."""
    for name in given:
        if name not in known:
            raise ConfigError(f"unknown option {name!r}. {choices(name, known)}")


def shown(value) -> str:
    """A value as it is typed after --set NAME=."""
    if isinstance(value, tuple):
        return ",".join(str(part) for part in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
