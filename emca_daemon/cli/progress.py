"""Progress on standard error for what takes more than two seconds."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress

T = TypeVar("T")

PATIENCE = 2.0
"""Seconds before anything is shown."""


def watched(items: Iterable[T], total: int, label: str) -> Iterator[T]:
    """The same items; on a terminal, a bar appears once they have taken longer than PATIENCE."""
    console = Console(stderr=True)
    progress = Progress(console=console, transient=True)
    task = progress.add_task(label, total=total)
    started = monotonic()
    shown = False
    try:
        for done, item in enumerate(items, 1):
            yield item
            if not shown and console.is_terminal and monotonic() - started > PATIENCE:
                progress.start()
                shown = True
            if shown:
                progress.update(task, completed=done)
    finally:
        if shown:
            progress.stop()


@contextmanager
def waiting(label: str) -> Iterator[None]:
    """On a terminal, say what is waited for once it has taken longer than PATIENCE."""
    console = Console(stderr=True)
    status = console.status(label)
    timer = threading.Timer(PATIENCE, status.start)
    timer.daemon = True
    if console.is_terminal:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()
        status.stop()
