"""Sign-ins at the console: the one that is under way, and what is typed to begin one."""
