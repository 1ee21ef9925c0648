"""The Textual program: screens, keys and widgets over the desk's facade."""
