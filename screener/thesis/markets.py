"""What a rating standard measures against: its markets, the indices that it names for them, and where it names none."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from screener.terms.say import Lang


class Frozen(BaseModel):
    """A record read from a file: frozen, no unknown keys, no silent conversion of numbers to text."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Standard(Frozen):
    """What a ladder measures against in one market: an index, one by exchange or board, or words that name none.

    `by`: index by the ending of a symbol (SH, SZ, BJ) or by board (main, chinext, star, bse), before `symbol`. `unnamed`: the
    standard speaks of 大盘 or 市场指数 only. With neither, `name` is
    something that no price source holds, such as a house's own index.
    """

    symbol: str | None = None
    by: dict[str, str] = Field(default_factory=dict)
    unnamed: bool = False
    name: str = ""
    name_en: str = ""


class Benchmark(Frozen):
    """One index that the standard names for a market; `when` says for which securities of that market."""

    symbol: str | None = None
    name: str
    name_en: str
    total_return: str | None = None
    when: str | None = None


class Market(Frozen):
    """A market of the standard with the benchmarks it names, the first being used unless a thesis or ladder says otherwise.

    `exchanges`: endings of the symbols that trade there (a symbol's ending says which session table it follows);
    `currency`: in which its prices are.
    """

    id: str
    name: str
    name_en: str
    exchanges: tuple[str, ...] = ()
    currency: str = "CNY"
    benchmarks: tuple[Benchmark, ...] = Field(min_length=1)

    def benchmark_name(self, symbol: str, lang: Lang) -> str:
        """What the standard calls a benchmark; the symbol of one that it does not name, such as a total-return index."""
        found = (each.name if lang == "zh" else each.name_en for each in self.benchmarks if each.symbol == symbol)
        return next(found, symbol)


CSI_300 = Benchmark(symbol="000300.SH", name="沪深300", name_en="CSI 300", total_return="H00300.CSI")
A_SHARES = Market(id="a_share", name="A 股", name_en="A shares", exchanges=("SH", "SZ", "BJ"), benchmarks=(CSI_300,))
