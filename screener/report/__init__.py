"""What a report says, without any format."""
