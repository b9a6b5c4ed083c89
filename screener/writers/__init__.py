"""Documents as files: HTML, Markdown, Excel, PDF, pictures, CSV, text."""
