"""What stands above a screen and wants an answer."""
