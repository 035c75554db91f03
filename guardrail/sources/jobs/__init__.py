"""Readers of definitions: what starts transform jobs, from plain values with holes to jobs and the ways to them.

A definition is a JSON or YAML value in which anything may be `Unknown`, wherever it comes from: a file of its own, an
argument of a Terraform resource, a property of a template.
"""
