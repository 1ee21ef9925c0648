"""Seeded random movement that can be read at any moment without replaying what came before."""

from __future__ import annotations

from hashlib import blake2b

_PERIODS_S = (1, 8, 64, 512, 4096, 32768)
_AMPLITUDES = tuple(period**0.5 for period in _PERIODS_S)
_MASK = (1 << 64) - 1


class Walk:
    """A random path of one-second steps, a pure function of seed, name and step.

    It adds up smoothed noise of periods from one second to nine hours, each as large as a random
    walk of that length, so it looks like a walk up to hours and stays bounded after that.
    """

    def __init__(self, seed: int, name: str) -> None:
        digest = blake2b(f"{seed}:{name}".encode(), digest_size=8).digest()
        self._key = int.from_bytes(digest, "big")
        self._origin = self._height(0)

    def displacement(self, step: int) -> float:
        """Return the path's distance from where it began, in sizes of a one-second step."""
        return self._height(step) - self._origin

    def _height(self, step: int) -> float:
        total = 0.0
        for octave, period in enumerate(_PERIODS_S):
            index, rest = divmod(step, period)
            here = _unit(self._key, octave, index)
            if rest:
                share = rest / period
                smooth = share * share * (3.0 - 2.0 * share)
                here += smooth * (_unit(self._key, octave, index + 1) - here)
            total += _AMPLITUDES[octave] * here
        return total


def _unit(key: int, octave: int, index: int) -> float:
    """Return a number in [-1, 1) that looks random (the splitmix64 finaliser)."""
    x = (key + octave * 0xD1B54A32D192ED03 + index * 0x9E3779B97F4A7C15) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return (x ^ (x >> 31)) / (1 << 63) - 1.0
