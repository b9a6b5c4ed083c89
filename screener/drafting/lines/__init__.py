"""A report as lines that know where they stand, whatever file it comes in."""
