"""A thesis drafted from a report's text."""
