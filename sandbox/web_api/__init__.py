"""Slack's Web API under `/api/<method>`."""
