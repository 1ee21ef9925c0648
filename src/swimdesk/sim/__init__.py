"""The simulated brokerage: its own market, ledger and wire rendering; shares no code it checks."""
