"""guardrail: what SageMaker inference will cost a month, and what is wrong with it, before it is deployed."""

__version__ = "0.1.0"
