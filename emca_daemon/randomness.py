"""The only place that draws random bytes."""

import os
from collections.abc import Callable

RandomBytes = Callable[[int], bytes]
"""Draws that many unpredictable bytes."""

system_random: RandomBytes = os.urandom
