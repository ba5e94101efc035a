"""The world behind the workspace: services, a deployer, a monitor and a code host. It reaches the bot by webhooks."""
