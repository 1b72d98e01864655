"""Checking gradients: your own functions', and those of every op of the library."""

from tinygen.testing.adjoint import adjoint_check
from tinygen.testing.gradcheck import gradcheck, gradgradcheck
from tinygen.testing.report import GradcheckError, GradcheckReport
from tinygen.testing.suite import check_op, replay
from tinygen.testing.table import rows, table
