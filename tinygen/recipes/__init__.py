"""Every recipe by its name: what `tinygen list` lists and `tinygen train` takes."""

from tinygen.recipes.autoencoder import AutoencoderRecipe
from tinygen.recipes.gan import DenseGAN, RingGAN
from tinygen.train.recipe import Recipe

RECIPES: dict[str, type[Recipe]] = {
    recipe.name: recipe for recipe in (AutoencoderRecipe, DenseGAN, RingGAN)
}
