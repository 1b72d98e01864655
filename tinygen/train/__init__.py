"""Training: recipes, one loop for all of them, run folders, checkpoints, exact resume.

A recipe says what one training step is; `tinygen.train.loop.train` does the rest.
"""

from tinygen.train.config import Config, option
from tinygen.train.recipe import Recipe
from tinygen.train.source import Batch, Images, Points

__all__ = ["Batch", "Config", "Images", "Points", "Recipe", "option"]
