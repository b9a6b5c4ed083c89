"""A folder of price files, as people export them from their own terminals (CONTRACT, "A folder of prices")."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from screener.prices.adjust import assemble_prices
from screener.prices.bars import CheckedBars, check_bars, listing_of
from screener.prices.index_check import index_notes
from screener.prices.prices import EMPTY_ACTIONS, FIELDS, Prices
from screener.prices.tables import ACTIONS, SHARES, schema_problems
from screener.sources.csv_files import Table, check_codes, parse_dates, parse_numbers, read_table
from screener.sources.folder_files import FolderFiles, market_folder, market_rows, path_without_zeros
from screener.sources.index_record import check_index_frames, index_problem
from screener.sources.last_bars import group_reaches
from screener.sources.market_rows import MARKET_FILE, steps_of, wrong_factors
from screener.sources.unadjusted import NO_OTHERS, cannot_be_shown, unadjusted_problems, unshown_note
from screener.terms.codes import stock_codes, symbols_borne
from screener.terms.notes import Gap, Note, PriceProblems, Problem
from screener.terms.sessions import as_date, load_calendar, session_axis
from screener.terms.symbols import Symbol, parse_symbol


class FolderReader:
    """One load: collects the problems, notes and gaps of every file, then gives prices or raises them all."""

    def __init__(self, source: FolderFiles, start: dt.date, end: dt.date) -> None:
        self.source = source
        self.start, self.end = start, end
        self.problems: list[Problem] = []
        self.notes: list[Note] = []
        self.actions_since: dt.date | None = None
        self.covered: frozenset[str] = frozenset()
        self.gaps: dict[str, Gap] = {}
        self.flags: dict[str, tuple[str, ...]] = {}
        self.from_market: list[str] = []
        self.factors: dict[str, pd.DataFrame] = {}
        self.steps: dict[str, pd.Series] = {}
        self.has_volumes = False
        self.unshown: list[str] = []

    def read(self, symbols: Sequence[str]) -> Prices:
        """Every symbol's checked prices; PriceProblems with all that was found."""
        market = parse_symbol(symbols[0]).market
        calendar = load_calendar(market)
        mainland = any(market_folder(parse_symbol(symbol)) == "raw" for symbol in symbols)
        actions = self._read_actions(symbols) if mainland else self._read_dividends(symbols)
        listings = self._read_names(symbols)
        shares = self._read_shares(symbols) if mainland else None
        checked: dict[str, CheckedBars] = {}
        frames: dict[str, pd.DataFrame] = {}
        for symbol in symbols:
            frame, file = self._read_bars(parse_symbol(symbol))
            if frame is None:
                continue
            frames[symbol] = frame
            own = None if self._actions_unknown(symbol, actions) else actions[actions["symbol"] == symbol]
            checked[symbol] = check_bars(
                frame,
                file=file,
                symbol=parse_symbol(symbol),
                calendar=calendar,
                start=self.start,
                end=self.end,
                actions=own,
                listing=listing_of(listings, symbol),
                actions_since=self.actions_since,
                actions_file=self._actions_file(symbol),
            )
            self.problems += checked[symbol].problems
            self.notes += checked[symbol].notes
            self._check_unadjusted(symbol, frame, file)
            if own is None and parse_symbol(symbol).kind == "stock":
                self._without_actions(symbol)
        if shares is not None:
            self._check_counts(shares, checked)
        unconfirmed = self._check_indices(frames, actions, market)
        if self.problems:
            raise PriceProblems("prices_broken", self.problems, name=self.source.folder.name)
        return assemble_prices(
            {symbol: result.bars for symbol, result in checked.items()},
            {symbol: result.halted for symbol, result in checked.items()},
            symbols=symbols,
            axis=session_axis(self.start, self.end, market),
            calendar=calendar,
            actions=actions,
            listings=listings,
            kind=self.source.kind,
            name=self.source.folder.name,
            gaps=self.gaps,
            breaks={symbol: result.breaks for symbol, result in checked.items() if result.breaks},
            flags=self.flags,
            notes=[*self.notes, *self._said_once()],
            reaches=self._reaches({symbol: as_date(frame["session"].max()) for symbol, frame in frames.items() if len(frame)}),
            unconfirmed=unconfirmed,
            shares=shares,
            steps=self.steps,
        )

    def _said_once(self) -> Iterator[Note]:
        """What holds of several names or files, in one note each."""
        if self.from_market:
            params = {"count": len(self.from_market), "symbols": " ".join(self.from_market), "file": MARKET_FILE}
            yield Note("from_market_file", params)
        if self.has_volumes:
            yield Note("market_amounts", {"file": MARKET_FILE})
        if self.unshown:
            yield unshown_note(self.unshown)

    def _check_unadjusted(self, symbol: str, frame: pd.DataFrame, file: str) -> None:
        """Closes of the window that cannot be unadjusted are problems; where nothing shows that they are, a flag says so."""
        if not parse_symbol(symbol).is_a_share:
            return
        window = frame[frame["session"].between(pd.Timestamp(self.start), pd.Timestamp(self.end))].sort_values("session")
        # The amounts of the whole-market file are made from its closes: they show nothing.
        window = window.assign(amount=np.nan) if file == MARKET_FILE else window
        others = self.source.others
        if file != MARKET_FILE and cannot_be_shown(window, symbol, NO_OTHERS):
            others = {**others, "market": self._market_closes}
        self.problems += unadjusted_problems(window, symbol, file, others)
        if len(window) and cannot_be_shown(window, symbol, others):
            self.flags[symbol] = (*self.flags.get(symbol, ()), "unadjusted")
            self.unshown.append(file)

    def _market_closes(self, symbol: str) -> pd.Series | None:
        """The closes of a name with a file of its own in the whole-market file of the same folder; None where it has none."""
        rows = market_rows(self.source.folder, [symbol])
        return rows.drop_duplicates("session").set_index("session")["close"] if len(rows) else None

    def _reaches(self, last: Mapping[str, dt.date]) -> dict[str, dt.date]:
        """The last session of each stock's own group of files, from the stocks' `last` rows; see `group_reaches`."""
        files = {symbol: self.source.file_of(parse_symbol(symbol)) for symbol in last if parse_symbol(symbol).kind == "stock"}
        market = self.source.folder / MARKET_FILE
        groups = {symbol: path.parent if path.is_file() else market for symbol, path in files.items()}
        return group_reaches(groups, last, end=self.end)

    def _check_indices(self, frames: Mapping[str, pd.DataFrame], actions: pd.DataFrame, market: str) -> Mapping[str, dt.date]:
        """Judge the indices by each other: faults become problems, what could not be judged a note; returns last leaps."""
        check = check_index_frames(frames, self.source.folder, start=self.start, end=self.end, market=market, actions=actions)
        for fault in check.faults:
            file = self.source.label(self.source.file_of(parse_symbol(fault.symbol)))
            self.problems.append(index_problem(fault, frames[fault.symbol], file))
        self.notes += index_notes(check)
        return check.unconfirmed

    def _actions_file(self, symbol: str) -> str:
        if market_folder(parse_symbol(symbol)) == "raw":
            return "actions.csv"
        return self.source.label(self._dividends_path(symbol))

    def _actions_unknown(self, symbol: str, actions: pd.DataFrame) -> bool:
        """Whether the folder's lists say nothing of the symbol: see MEASUREMENT, "Unknown actions".

        A list with a row covers every name that has a file of its own, a name of the whole-market file only where it has a
        row; `actions_cover.csv` says so of any name by itself.
        """
        identity = parse_symbol(symbol)
        if market_folder(identity) != "raw":
            return not self._dividends_path(symbol).is_file()
        if identity.code in self.covered or (actions["symbol"] == symbol).any():
            return False
        return self.actions_since is None or not self.source.file_of(identity).is_file()

    def _read_cover(self) -> frozenset[str]:
        """Codes whose actions are known over the whole window: lines code, covered_from, covered_to of `actions_cover.csv`."""
        path = self.source.folder / "actions_cover.csv"
        table = self._table(path, path.name, ("code", "covered_from", "covered_to")) if path.is_file() else None
        if table is None or table.cells.empty:
            return frozenset()
        (begin, bad_begin), (stop, bad_stop) = (parse_dates(table, name) for name in ("covered_from", "covered_to"))
        self.problems += [*check_codes(table), *bad_begin, *bad_stop]
        whole = (begin <= pd.Timestamp(self.start)) & (stop >= pd.Timestamp(self.end))
        return frozenset(table.cells["code"][whole])

    def _read_bars(self, symbol: Symbol) -> tuple[pd.DataFrame | None, str]:
        path = self.source.file_of(symbol)
        file = self.source.label(path)
        if not path.is_file():
            return self._read_market(symbol, file)
        table = self._table(path, file, ("date", "close"))
        if table is None:
            return None, file
        if table.cells.empty:
            self.gaps[str(symbol)] = Gap("no_data", "file_has_no_rows", {"file": file})
            return None, file
        self._check_own_code(table, symbol)
        dates, problems = parse_dates(table, "date")
        frame = pd.DataFrame({"session": dates})
        present = [name for name in (*FIELDS, "pre_close") if name in table.cells]
        for name in present:
            frame[name], more = parse_numbers(table, name, blank=name != "close")
            problems += more
        self.problems += [problem for problem in problems if self._in_window(problem, dates)]
        unread = dates.isna() | frame["close"].isna()
        frame = frame.reindex(columns=["session", *FIELDS, *(["pre_close"] if "pre_close" in present else [])])
        return frame[~unread].astype(dict.fromkeys(FIELDS, float)), file

    def _in_window(self, problem: Problem, dates: pd.Series) -> bool:
        """A cell of a row outside the window is not judged; a row whose date cannot be read always is."""
        day = dates.get(problem.line)
        return pd.isna(day) or self.start <= as_date(day) <= self.end

    def _read_market(self, symbol: Symbol, file: str) -> tuple[pd.DataFrame | None, str]:
        stripped = path_without_zeros(self.source.folder, symbol)
        if stripped is not None:
            label = self.source.label(stripped)
            params: dict[str, object] = {"likely": symbol.code}
            self.problems.append(Problem(label, None, "", stripped.stem, "code_lost_zeros", params))
            return None, label
        rows = market_rows(self.source.folder, [str(symbol)])
        if rows.empty:
            self.gaps[str(symbol)] = Gap("no_data", "no_file", {"file": file, "symbol": str(symbol)})
            return None, file
        self.from_market.append(str(symbol))
        if rows["factor"].notna().any():
            self.factors[str(symbol)] = rows
        self.has_volumes = self.has_volumes or bool(rows["volume"].notna().any())
        rows = rows.assign(amount=rows["close"] * rows["volume"])
        return rows.reindex(columns=["session", *FIELDS]).astype(dict.fromkeys(FIELDS, float)), MARKET_FILE

    def _without_actions(self, symbol: str) -> None:
        """Mark a name whose actions are unknown, and keep the steps of its factor over the window.

        A factor that is none is a problem of its row.
        """
        self.flags[symbol] = (*self.flags.get(symbol, ()), "actions_unknown")
        rows = self.factors.get(symbol)
        if rows is None:
            return
        rows = rows[rows["session"].between(pd.Timestamp(self.start), pd.Timestamp(self.end))]
        values = rows["factor"].to_numpy(dtype=float)
        wrong = wrong_factors(values)
        for at in wrong:
            line, cell = int(rows.index[at]) + 1, str(values[at])
            self.problems.append(Problem(MARKET_FILE, line, "factor", cell, "factor_not_positive", {"code": symbol[:6]}))
        if not len(wrong):
            self.steps[symbol] = steps_of(rows["session"].to_numpy().astype("datetime64[D]"), values)

    def _read_actions(self, symbols: Sequence[str]) -> pd.DataFrame:
        path = self.source.folder / "actions.csv"
        self.covered = self._read_cover()
        if not path.is_file():
            self.notes.append(Note("no_actions_file", {}))
            return EMPTY_ACTIONS
        table = self._table(path, "actions.csv", ("code", "ex_date", "cash_per_share", "split_ratio"))
        if table is None:
            return EMPTY_ACTIONS
        if table.cells.empty:
            self.notes.append(Note("actions_list_empty", {}))
            return EMPTY_ACTIONS
        faults = check_codes(table)
        dates, more = parse_dates(table, "ex_date")
        cash, bad_cash = parse_numbers(table, "cash_per_share")
        ratio, bad_ratio = parse_numbers(table, "split_ratio")
        frame = pd.DataFrame({"code": table.cells["code"], "ex_date": dates, "cash_per_share": cash, "split_ratio": ratio})
        faults += more + bad_cash + bad_ratio + schema_problems(ACTIONS, frame[dates.notna()], "actions.csv")
        codes = stock_codes(symbols)
        ours = frame[frame["code"].isin(list(codes))].drop_duplicates()
        again = ours[ours.duplicated(["code", "ex_date"], keep="first")]
        faults += [
            Problem("actions.csv", int(line), "ex_date", f"{row.ex_date:%Y-%m-%d}", "action_twice", {"code": row.code})
            for line, row in zip(again.index, again.itertuples(index=False), strict=True)
        ]
        self.problems += faults
        self._date_actions(frame["ex_date"])
        ours = _without_faulty(ours, faults, "actions.csv")
        ours = ours.assign(symbol=ours["code"].map(codes))
        return ours[["symbol", "ex_date", "cash_per_share", "split_ratio"]].sort_values(["symbol", "ex_date"])

    def _read_shares(self, symbols: Sequence[str]) -> pd.DataFrame | None:
        """Float A shares by day of change up to the window's end; None without a file. A wrong row is a problem in any year."""
        path = self.source.folder / "shares.csv"
        table = self._table(path, "shares.csv", ("code", "date", "float_shares")) if path.is_file() else None
        if table is None or table.cells.empty:
            return None
        dates, bad_dates = parse_dates(table, "date")
        counts, bad_counts = parse_numbers(table, "float_shares", blank=False)
        frame = pd.DataFrame({"code": table.cells["code"], "date": dates, "float_shares": counts})
        faults = schema_problems(SHARES, frame[dates.notna()], "shares.csv")
        self.problems += [*check_codes(table), *bad_dates, *bad_counts, *faults]
        codes = stock_codes(symbols)
        ours = frame[frame["code"].isin(list(codes)) & dates.notna()].drop_duplicates()
        again = ours[ours.duplicated(["code", "date"], keep="first")]
        self.problems += [
            Problem("shares.csv", int(line), "date", f"{row.date:%Y-%m-%d}", "shares_twice", {"code": row.code})
            for line, row in zip(again.index, again.itertuples(index=False), strict=True)
        ]
        ours = ours.assign(symbol=ours["code"].map(codes))
        known = ours.loc[ours["date"] <= pd.Timestamp(self.end), ["symbol", "date", "float_shares"]]
        return known.sort_values(["symbol", "date"])

    def _check_counts(self, shares: pd.DataFrame, checked: Mapping[str, CheckedBars]) -> None:
        """A share can be sold once a day (T+1), so a count below a day's volume is in another unit (万股) or wrong."""
        for symbol, result in checked.items():
            own, volume = shares[shares["symbol"] == symbol], result.bars["volume"].dropna()
            at = own["date"].searchsorted(volume.index, side="right") - 1
            traded, places = volume.to_numpy()[at >= 0], at[at >= 0]
            for place in sorted(set(places[traded > own["float_shares"].to_numpy()[places]])):
                most = f"{traded[places == place].max():.0f}"
                line, count = int(own.index[place]), f"{own['float_shares'].iloc[place]:.0f}"
                self.problems.append(Problem("shares.csv", line, "float_shares", count, "shares_below_volume", {"most": most}))

    def _dividends_path(self, symbol: str) -> Path:
        return self.source.folder / market_folder(parse_symbol(symbol)) / "dividends.csv"

    def _read_dividends(self, symbols: Sequence[str]) -> pd.DataFrame:
        """Dividends of another market: code, ex_date, gross cash per share in its currency, optionally split_ratio."""
        stocks = {parse_symbol(symbol).code: symbol for symbol in symbols if parse_symbol(symbol).kind == "stock"}
        paths = dict.fromkeys(self._dividends_path(symbol) for symbol in stocks.values())
        found = [self._read_dividend_file(path, stocks) for path in paths if path.is_file()]
        return pd.concat(found) if found else EMPTY_ACTIONS

    def _read_dividend_file(self, path: Path, stocks: Mapping[str, str]) -> pd.DataFrame:
        file = self.source.label(path)
        table = self._table(path, file, ("code", "ex_date", "cash_per_share"))
        if table is None or table.cells.empty:
            return EMPTY_ACTIONS
        dates, faults = parse_dates(table, "ex_date")
        cash, bad_cash = parse_numbers(table, "cash_per_share")
        frame = pd.DataFrame({"symbol": table.cells["code"].map(stocks), "ex_date": dates, "cash_per_share": cash})
        frame["split_ratio"] = 1.0
        if "split_ratio" in table.cells:
            frame["split_ratio"], more = parse_numbers(table, "split_ratio")
            faults += more
        self.problems += faults + bad_cash + schema_problems(ACTIONS, frame[dates.notna()], file)
        ours = _without_faulty(frame, self.problems, file)
        ours = ours[ours["symbol"].notna()].drop_duplicates()
        return ours.sort_values(["symbol", "ex_date"])

    def _date_actions(self, ex_dates: pd.Series) -> None:
        """Shares go ex every year, so a list of actions covers the years from its first ex-date's on, and none before."""
        if ex_dates.notna().any():
            self.actions_since = dt.date(as_date(ex_dates.min()).year, 1, 1)
            if self.start < self.actions_since:
                self.notes.append(Note("actions_begin", {"since": self.actions_since}))

    def _read_names(self, symbols: Sequence[str]) -> pd.DataFrame:
        empty = pd.DataFrame({"name": pd.Series(dtype="str"), "listed": pd.NaT, "delisted": pd.NaT})
        path = self.source.folder / "names.csv"
        if not path.is_file():
            return empty
        table = self._table(path, "names.csv", ("code", "name"))
        if table is None:
            return empty
        self.problems += check_codes(table)
        codes = stock_codes(symbols)
        ours = table.cells[table.cells["code"].isin(list(codes))]
        own = Table(table.file, ours, (), ())
        frame = pd.DataFrame({"name": ours["name"].astype("str")})
        for column in ("listed", "delisted"):
            frame[column] = pd.NaT
            if column in ours:
                frame[column], more = parse_dates(own, column, blank=True)
                self.problems += more
        return frame.set_axis(pd.Index(ours["code"].map(codes), name="symbol")).groupby(level=0).first()

    def _check_own_code(self, table: Table, symbol: Symbol) -> None:
        if "code" not in table.cells:
            return
        borne = [each.partition(".")[0] for each in symbols_borne(str(symbol))]
        other = table.cells[~table.cells["code"].str.replace(r"\D", "", regex=True).isin(borne)]
        if len(other) and symbol.code.isdigit():
            line, cell = int(other.index[0]), str(other["code"].iloc[0])
            self.problems.append(Problem(table.file, line, "code", cell, "code_of_other", {"expected": symbol.code}))

    def _table(self, path: Path, file: str, required: Sequence[str]) -> Table | None:
        table = read_table(path, file, required=required)
        self.notes += table.notes
        self.problems += table.problems
        return None if table.problems else table


def _without_faulty(rows: pd.DataFrame, problems: Sequence[Problem], file: str) -> pd.DataFrame:
    """The rows of which no problem has been named yet, so that none is named twice."""
    return rows.drop(index=rows.index.intersection([each.line for each in problems if each.file == file]))
