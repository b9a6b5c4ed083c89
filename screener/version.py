"""The version of the package; it stands alone so that every room may say it."""

__version__ = "0.2.0"
