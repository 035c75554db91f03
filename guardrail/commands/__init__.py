"""One module per verb of the command line, imported only when it is the one that was asked for.

Each has ``HELP`` (a line that says what it does, then examples), ``add_arguments(parser)`` and ``run(arguments)``,
which returns the exit code and raises GuardrailError where there is no answer.
"""
