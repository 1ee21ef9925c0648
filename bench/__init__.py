"""Programs that measure what the product claims; run by ``make bench``."""
