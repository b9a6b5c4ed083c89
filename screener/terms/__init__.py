"""The words that everybody uses: notes and errors, sentences, symbols, names, sessions."""
