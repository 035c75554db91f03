"""Evidence: what runs in an account, how busy it was, and what would be enough. Pure: no AWS, no clock."""
