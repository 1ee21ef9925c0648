"""What a desk that stays keeps fresh on its own."""
