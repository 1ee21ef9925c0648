"""What the program says about itself: redacted logs and crash reports; imports nothing of ours."""
