"""A person's hand: what people do in Slack, as JSON over `/_sandbox/…`."""
