"""One row about each thing that can be trained on, for `tinygen data list`."""

from dataclasses import dataclass

from tinygen.data.bundled import FOLDER
from tinygen.data.catalogue import ENTRIES
from tinygen.data.planes import PLANES

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
    shape : of one sample, in words           size : bytes of its file
    """

    name: str
    kind: str
    count: int | None
    shape: str
    classes: tuple[str, ...]
    licence: str
    size: int
    description: str


def describe() -> list[Row]:
    """A row for each bundled data set, then for each plane distribution.

    "faces" and "faces-and-others" share one file, so sizes do not add up to the total.
    """
    bundled = [
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
    return bundled + [
        Row(name, "plane", None, "2", (), "none needed", 0, PLANE_DESCRIPTIONS[name])
        for name in PLANES
    ]
