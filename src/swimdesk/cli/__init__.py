"""The command line: parsing, printing, exit codes; everything else is asked of the desk."""
