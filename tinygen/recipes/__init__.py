"""Every recipe by its name: what `tinygen list` lists and `tinygen train` takes."""

from tinygen.recipes.autoencoder import AutoencoderRecipe
from tinygen.recipes.dcgan import DCGAN, ConditionalGAN, UpsampleDCGAN
from tinygen.recipes.gan import DenseGAN, RingGAN
from tinygen.train.recipe import Recipe

ALL = (AutoencoderRecipe, DenseGAN, RingGAN, DCGAN, UpsampleDCGAN, ConditionalGAN)
RECIPES: dict[str, type[Recipe]] = {recipe.name: recipe for recipe in ALL}
