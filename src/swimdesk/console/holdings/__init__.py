"""What accounts hold and are worth, behind HOME, ACC and POS."""
