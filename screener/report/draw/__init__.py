"""Drawings as specifications."""
