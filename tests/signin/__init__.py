"""The sign-in against the simulated brokerage's pages, in real Chromium."""
