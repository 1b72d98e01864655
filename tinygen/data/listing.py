"""One row about each thing that can be trained on, for `tinygen data list`."""

from dataclasses import dataclass

from tinygen.data.bundled import FOLDER
from tinygen.data.catalogue import ENTRIES
from tinygen.data.full import missing, place_of
from tinygen.data.planes import PLANES
from tinygen.data.published import PUBLISHED

PLANE_DESCRIPTIONS = {
    "ring": "8 Gaussians on a circle of radius 1, std 0.01",
    "grid": "25 Gaussians on a square grid, 2 apart, std 0.05",
    "moons": "two half circles, each reaching into the other, std 0.1",
    "swiss-roll": "a spiral of one and a half turns, std 0.2",
}


@dataclass(frozen=True)
class Row:
    """What is known of a data set without opening it.

    kind : "images", "photos" or "plane"      count : samples, None if endless
    shape : of one sample, in words           size : bytes of its files
    here : whether it can be used at once, or has to be downloaded
    """

    name: str
    kind: str
    count: int | None
    shape: str
    classes: tuple[str, ...]
    licence: str
    size: int
    description: str
    here: bool = True


def describe() -> list[Row]:
    """A row for each bundled data set, each plane distribution, each full data set.

    "faces" and "faces-and-others" share one file, so sizes do not add up to the total.
    """
    return [*bundled_rows(), *plane_rows(), *full_rows()]


def bundled_rows() -> list[Row]:
    """What comes with the package."""
    return [
        Row(
            name=entry.name,
            kind="photos" if entry.name == "photos" else "images",
            count=entry.count,
            shape=entry.shape,
            classes=entry.classes,
            licence=entry.licence,
            size=(FOLDER / entry.file).stat().st_size,
            description=entry.description,
        )
        for entry in ENTRIES
    ]


def plane_rows() -> list[Row]:
    """What is drawn as it is needed."""
    return [
        Row(name, "plane", None, "2", (), "none needed", 0, PLANE_DESCRIPTIONS[name])
        for name in PLANES
    ]


def full_rows() -> list[Row]:
    """What can be downloaded, and whether it has been."""
    return [
        Row(
            name=one.name,
            kind="images",
            count=sum(one.count),
            shape=" x ".join(map(str, one.shape)),
            classes=one.classes,
            licence=one.licence,
            size=one.size,
            description=one.description,
            here=not missing(one, place_of(one)),
        )
        for one in PUBLISHED.values()
    ]
