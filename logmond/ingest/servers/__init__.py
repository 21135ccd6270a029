"""What the configurations of web servers say about their logs. Nothing is followed here."""
