"""The page of results, from records of every kind."""

import json

import pytest
import results


def record(name, seed, held_out, **measures):
    """What `results.train` keeps of a run, as far as the page reads it."""
    found = {
        "command": f"tinygen train {name} --seed {seed}",
        "options": {"steps": 4000},
        "seconds": 90.0 + seed,
        "parameters": {"G": 1000, "D": 234},
        "held_out": held_out,
    }
    if measures:
        judged = {k: {"value": v, "real": 0.1} for k, v in measures.items()}
        found |= {"seconds to draw 1000": 7.0, "measures": judged}
    return found


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A folder of records: of digits, told their class or not, and of points."""
    monkeypatch.setattr(results, "RECORDS", tmp_path)
    every = [*results.COLUMNS.values(), *results.MORE.values()]
    digits = {name: 0.5 for name in every if name != "class as asked"}
    (tmp_path / "ddpm.png").write_bytes(b"")
    for name, seed, found in (
        ("ddpm", 0, record("ddpm", 0, {"test bits/dim": 1.25}, **digits)),
        ("ddpm", 1, record("ddpm", 1, {"test bits/dim": 1.75}, **digits)),
        ("ddpm-8x8", 0, record("ddpm-8x8", 0, {"test bits/dim": 2.5})),
        ("gan-ring", 0, record("gan-ring", 0, {"modes": 8.0})),
        ("cgan", 0, record("cgan", 0, {}, **digits, **{"class as asked": 0.9})),
        (
            "vae",
            0,
            record("vae", 0, {"test nats": 9.0, "test nats, K=20": 8.0}, **digits),
        ),
    ):
        (tmp_path / f"{name}-{seed}.json").write_text(json.dumps(found))
    return results.records()


def test_a_recipe_has_its_own_records_only(kept):
    """`ddpm-8x8-0.json` is none of `ddpm`."""
    assert {name: len(runs) for name, runs in kept.items()} == {
        "vae": 1,
        "gan-ring": 1,
        "cgan": 1,
        "ddpm": 2,
        "ddpm-8x8": 1,
    }


def test_every_recipe_is_in_the_table_with_what_it_has(kept):
    lines = results.page(kept).splitlines()
    found = {line.split("]")[0][3:]: line for line in lines if line.startswith("| [")}
    assert found["ddpm"] == (
        "| [ddpm](#ddpm) | 2 | 1.5 | 1,234 | 0.500 ± 0.000 | 0.500 ± 0.000 | "
        "0.500 ± 0.000 | 0.500 ± 0.000 |  | 1.50 ± 0.25 bits/dim |"
    )
    assert found["ddpm-8x8"].endswith("| 1,234 |  |  |  |  |  | 2.50 bits/dim |")
    assert found["gan-ring"].endswith("| 1,234 |  |  |  |  |  |  |")
    assert found["cgan"].endswith("| 0.900 |  |")
    assert found["vae"].endswith("| 8.00 nats |")
    assert (
        "| real digits |  |  |  | 0.100 | 0.100 | 0.100 | 0.100 | 0.100 |  |" in lines
    )
    assert "| gan-ring | modes | 8.0000 |" in lines
    assert "    tinygen train ddpm --seed 1" in lines
