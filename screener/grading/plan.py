"""How one kind of security is judged under one scale."""

from __future__ import annotations

from dataclasses import dataclass

from screener.thesis.comparison import Comparison, comparison_of
from screener.thesis.scale import Ladder, RatingScale, Window


@dataclass(frozen=True)
class Plan:
    """How one kind of security is judged under one scale: its bands, its window in months, what it is measured against."""

    scale: RatingScale
    kind: str

    @property
    def ladder(self) -> Ladder:
        """The bands: an index stands for an industry."""
        return self.scale.industry if self.kind == "index" else self.scale.stock

    @property
    def window(self) -> Window:
        """The months between which the standard measures."""
        return self.ladder.window

    @property
    def by_sign(self) -> bool:
        """Whether the standard has words only."""
        return self.ladder.measure == "words_only"

    def compare(self, symbol: str) -> Comparison:
        """What a security of the exchange and board of `symbol` is measured against, its industry index apart."""
        return comparison_of(self.scale, self.ladder, symbol=None if self.kind == "index" else symbol)

    @property
    def needs_industry(self) -> bool:
        """Whether each rating is measured against the index of its own industry."""
        return self.ladder.measure == "industry_relative" and not self.ladder.benchmark
