"""The engine: plans, sends, follows and remembers; knows the domain and its own ports."""
