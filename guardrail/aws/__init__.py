"""Everything that talks to AWS, imported only by the commands that need it and only once they run."""
