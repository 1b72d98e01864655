"""tinygen evaluate: a table, and the same as JSON."""

import json

from tinygen.recipes import RECIPES
from tinygen.train import loop


def trained(name, folder, **options):
    """A run of one step."""
    kind = RECIPES[name]
    common = {"steps": 1, "batch_size": 32}
    loop.train(kind(kind.Config(**common, **options)), folder, progress=False)


def test_images_are_judged_beside_real_ones(tinygen, tmp_path):
    trained("cgan", tmp_path / "run", width=2)
    code, out, error = tinygen("evaluate", tmp_path / "run", "-n", 100)
    assert code == 0, error
    found = json.loads((tmp_path / "run/evaluation.json").read_text())
    assert found["recipe"] == "cgan" and found["n"] == 100
    for name, both in found["measures"].items():
        assert f"{name:22} {both['value']:10.4f} {both['real']:10.4f}" in out
    assert found["measures"]["class as asked"]["real"] > 0.98
    assert sum(found["histogram"]) == 100


def test_a_plane_has_its_own_measures(tinygen, tmp_path):
    trained("gan-ring", tmp_path / "run")
    code, out, _ = tinygen("evaluate", tmp_path / "run")
    found = json.loads((tmp_path / "run/evaluation.json").read_text())
    assert code == 0 and set(found["held_out"]) == {
        "modes",
        "high quality",
        "reverse KL",
    }
    assert "measures" not in found
    for name, value in found["held_out"].items():
        assert f"{name:22} {value:10.4f}" in out


def test_the_same_seed_gives_the_same_numbers_and_another_gives_others(
    tinygen, tmp_path
):
    trained("gan", tmp_path / "run")
    outs = [
        tinygen("evaluate", tmp_path / "run", "-n", 100, "--seed", seed)[1]
        for seed in (1, 1, 2)
    ]
    assert outs[0] == outs[1] != outs[2]


def test_other_images_are_refused_by_name(tinygen, tmp_path):
    trained("gan", tmp_path / "run", data="digits")
    code, _, error = tinygen("evaluate", tmp_path / "run")
    assert code == 1 and "(1000, 1, 8, 8)" in error and "28 x 28" in error


def test_a_missing_run(tinygen, tmp_path):
    code, _, error = tinygen("evaluate", tmp_path / "nothing")
    assert code == 4 and "nothing" in error
