"""A report as data: theses, rating scales, policies, their files and what is wrong with them."""
