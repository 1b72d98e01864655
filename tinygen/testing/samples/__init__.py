"""Samples of every op and public function, one file for each family."""

from tinygen.testing.samples import elementwise, index, linear, reduce, shape
