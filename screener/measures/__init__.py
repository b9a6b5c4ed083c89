"""Numbers from prices: quotes, returns, baskets, periods, whole markets. Pure."""
