"""The sign-in: the broker's pages as data, a loop over them, and a browser in its own process."""
