"""The order on the ticket: its text, market, odds and payoff."""
