"""The frame around the screens: command line, keys, palette, status and market lines."""
