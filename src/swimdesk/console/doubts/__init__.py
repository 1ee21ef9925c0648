"""What the console shows of orders that nobody is sure of."""
