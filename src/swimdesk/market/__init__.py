"""What the market lists and when it trades, kept for a while so that it is asked for less often."""
