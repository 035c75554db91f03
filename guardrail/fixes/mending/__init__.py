"""How findings are mended, by subject; `guardrail.fixes.mends` has them by policy."""
