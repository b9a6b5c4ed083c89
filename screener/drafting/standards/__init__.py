"""The rating standard that a report prints, and the known one that it is compared with."""
