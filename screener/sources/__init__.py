"""Where prices come from: snapshot, folder, store."""
