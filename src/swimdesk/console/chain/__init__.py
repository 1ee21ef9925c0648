"""What OMON reads, shows and picks."""
