"""Prices pulled through akshare into the store."""
