"""What the chapters of the book call: predictions, two routes, checks, pictures."""

from tinygen.course.animation import animate, apng, drawing, drawn, explore
from tinygen.course.exercises import Exercise, check, hint, solution
from tinygen.course.predictions import guess, measure, predict, score
from tinygen.course.routes import same
from tinygen.course.session import chapter, quick, steps
from tinygen.course.source import show

__all__ = [
    "Exercise",
    "animate",
    "apng",
    "chapter",
    "check",
    "drawing",
    "drawn",
    "explore",
    "guess",
    "hint",
    "measure",
    "predict",
    "quick",
    "same",
    "score",
    "show",
    "solution",
    "steps",
]
