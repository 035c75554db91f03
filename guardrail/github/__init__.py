"""Everything that talks to GitHub: its API, one comment on a pull request, and the runner of a workflow."""
