"""The field's own words and rules; pure: no I/O, no clock, no logging."""
