"""One owner per home: its lock, its socket, and the desk as other processes hold it."""
