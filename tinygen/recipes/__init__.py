"""Every recipe by its name: what `tinygen list` lists and `tinygen train` takes."""

from tinygen.recipes.autoencoder import (
    AutoencoderRecipe,
    ConvAutoencoderRecipe,
    DenoisingAutoencoder,
)
from tinygen.recipes.dcgan import DCGAN, ConditionalGAN, FaceGAN, UpsampleDCGAN
from tinygen.recipes.diffusion import DDPM, ClassDDPM, PlaneDDPM, SmallDDPM
from tinygen.recipes.gan import DenseGAN, RingGAN
from tinygen.recipes.vae import BetaVAE, ConditionalVAE, ConvVAE, DenseVAE
from tinygen.recipes.vqvae import VQVAERecipe
from tinygen.train.recipe import Recipe

ALL = (
    AutoencoderRecipe,
    ConvAutoencoderRecipe,
    DenoisingAutoencoder,
    DenseVAE,
    ConvVAE,
    BetaVAE,
    ConditionalVAE,
    VQVAERecipe,
    DenseGAN,
    RingGAN,
    DCGAN,
    UpsampleDCGAN,
    FaceGAN,
    ConditionalGAN,
    DDPM,
    ClassDDPM,
    SmallDDPM,
    PlaneDDPM,
)
RECIPES: dict[str, type[Recipe]] = {recipe.name: recipe for recipe in ALL}
