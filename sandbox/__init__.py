"""A Slack on your desk: Web API, Socket Mode and a hand; on loopback only, importing nothing of ours."""
