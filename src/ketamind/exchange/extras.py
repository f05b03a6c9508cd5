"""Optional packages: asked for when a format needs them, with one message where they are missing."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from ketamind.errors import KetamindError


class MissingExtra(KetamindError):
    """A format whose packages are not installed."""


def need(module: str, what: str, extra: str = "exchange") -> Any:
    """The module, for `what`. Raises MissingExtra saying what to install.

    >>> need("no_such_module", "SBML")
    Traceback (most recent call last):
    ketamind.exchange.extras.MissingExtra: SBML needs the package 'no_such_module', which is not installed. ...
    """
    try:
        with quiet():
            return import_module(module)
    except ImportError:
        raise MissingExtra(
            f"{what} needs the package '{module.partition('.')[0]}', which is not installed. "
            f"Install it with: pip install 'ketamind[{extra}]'"
        ) from None


@contextmanager
def quiet() -> Iterator[None]:
    """Other people's packages at work: their warnings and log lines below errors are not shown."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
