"""How a figure is rounded for people: half away from zero, floating-point noise removed first."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

# Floating-point noise is removed here, as it is before a band edge, so that 0.12345 rounds as written.
NOISE_DECIMALS = 9


def rounded(value: float, decimals: int) -> Decimal:
    """`value` to `decimals`, half away from zero, floating-point noise below 1e-9 removed; never a negative zero."""
    plain = Decimal(repr(round(float(value), NOISE_DECIMALS))).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return abs(plain) if plain == 0 else plain
