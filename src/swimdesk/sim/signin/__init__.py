"""The brokerage's sign-in pages, from authorize to the callback (schwab-api section 3)."""
