"""Options: checked wherever they come from, with messages that help."""

import json
from dataclasses import FrozenInstanceError, dataclass

import pytest
from toys import Toy

from tinygen.errors import ConfigError
from tinygen.train import Config, Recipe, option


def test_defaults_and_text_and_json_give_the_same_values():
    config = Toy.Config()
    assert (config.steps, config.lr, config.widths) == (20, 0.05, (4, 2))
    text = {
        "steps": "7",
        "lr": "1e-3",
        "widths": "3, 5",
        "forget": "yes",
        "data": "ring",
    }
    parsed = config.parsed(text)
    assert parsed == Toy.Config(
        steps=7, lr=0.001, widths=(3, 5), forget=True, data="ring"
    )
    assert Toy.Config.from_dict(json.loads(json.dumps(parsed.to_dict()))) == parsed
    assert config.parsed({"widths": ""}).widths == ()
    assert Toy.Config(lr=1).lr == 1.0 and type(Toy.Config(lr=1).lr) is float


def test_a_recipe_that_changes_a_default_keeps_help_and_bounds():
    options = {one.name: one for one in Toy.Config.options()}
    assert options["steps"].default == 20
    assert options["steps"].help == "training steps"
    assert options["steps"].possible == "a whole number, at least 1"
    assert list(options)[:2] == ["data", "steps"] and list(options)[-1] == "forget"


@pytest.mark.parametrize(
    "name, text",
    [
        ("steps", "1.5"),
        ("steps", "0"),
        ("steps", "1e3"),
        ("lr", "0"),
        ("lr", "-1"),
        ("lr", "nan"),
        ("lr", "inf"),
        ("lr", "fast"),
        ("ema", "1"),
        ("ema", "-0.1"),
        ("seed", "-1"),
        ("seed", "1.5"),
        ("seed", str(2**70)),
        ("device", "gpu"),
        ("forget", "maybe"),
        ("widths", "3,x"),
    ],
)
def test_impossible_values(name, text):
    with pytest.raises(ConfigError, match=f"option {name}: .*{text}.* Fix: {name}="):
        Toy.Config().parsed({name: text})


@pytest.mark.parametrize(
    "name, value",
    [
        ("steps", 2.0),
        ("steps", True),
        ("steps", "7"),
        ("steps", None),
        ("lr", "0.1"),
        ("lr", True),
        ("forget", 1),
        ("data", 3),
        ("widths", 3),
        ("widths", [1.0]),
    ],
)
def test_wrong_types_in_json(name, value):
    with pytest.raises(ConfigError, match=f"option {name}: .* Fix: {name}="):
        Toy.Config.from_dict({name: value})


def test_unknown_options():
    with pytest.raises(ConfigError, match=r"'batchsize'. Fix: 'batch_size'; all of"):
        Toy.Config().parsed({"batchsize": "3"})
    with pytest.raises(ConfigError, match=r"'zzz'. Fix: one of data, steps"):
        Toy.Config.from_dict({"zzz": 3})


def test_choices_and_frozen():
    @dataclass(frozen=True)
    class Mine(Config):
        loss: str = option("minimax", choices=("minimax", "hinge"))

    assert Mine().parsed({"loss": "hinge"}).loss == "hinge"
    with pytest.raises(ConfigError, match="one of minimax, hinge"):
        Mine(loss="hing")
    with pytest.raises(FrozenInstanceError):
        Mine().steps = 3


def test_an_annotation_that_cannot_be_typed_on_a_command_line():
    @dataclass(frozen=True)
    class Odd(Config):
        size: complex = option(1j)

    with pytest.raises(ConfigError, match=r"size: .*complex.* Fix: annotate"):
        Odd()


def test_recipe_says_what_data_it_takes():
    with pytest.raises(ConfigError, match=r"'mnist'. Fix: .*'moons'"):
        Toy(Toy.Config(data="mnist"))
    with pytest.raises(ConfigError, match=r"'rinq'. Fix: use 'ring'"):
        Toy(Toy.Config(data="rinq"))
    assert Recipe.Config is Config
