"""Check whether a Chinese sell-side theme report's rating came true, under the report's own rule."""

__version__ = "0.1.0"
