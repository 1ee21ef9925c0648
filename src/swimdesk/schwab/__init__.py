"""The broker adapter: the only package that knows how Charles Schwab writes things down."""
