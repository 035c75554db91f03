"""What was billed: exports of the AWS bill, read and asked; reached from its commands alone."""
