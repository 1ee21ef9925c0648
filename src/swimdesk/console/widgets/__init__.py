"""Widgets that know nothing of the desk: they show cells and say what the operator did."""
