"""Every port's stand-in: in memory, held to the same contract tests as the adapter of the real thing."""
