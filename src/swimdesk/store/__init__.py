"""The desk's memory on disk: a journal in SQLite, its readers, and the halt sentinel."""
