"""A document as one page, with its templates, styles and script."""
