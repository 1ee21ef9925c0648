"""The rows, figures and facts behind BLT and LOG."""
