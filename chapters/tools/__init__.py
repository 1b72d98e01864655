"""What builds, checks and lists the chapters."""
