"""The outcome dossier."""
