"""The recipe in docs/runs.md is a working one."""

import re
from pathlib import Path

from tinygen.train.loop import train

PAGE = Path(__file__).parents[2] / "docs" / "runs.md"


def test_the_recipe_that_the_page_shows(tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (shown,) = (block for block in blocks if "(Recipe)" in block)
    names = {"__name__": "page"}
    exec(shown, names)
    fit = names["Fit"]
    config = fit.Config(steps=200, lr=0.05)
    result = train(fit(config), tmp_path / "run", progress=False)
    assert max(result.losses.values()) < 0.3
