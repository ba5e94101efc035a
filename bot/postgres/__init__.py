"""The embedded Postgres: a server of our own in the data folder, for a team that brings no database.

Nothing here connects through a driver: `Cluster.dsn` gives the address, the storage floor does the rest.
"""

from bot.postgres.cluster import Cluster, ensure_running
from bot.postgres.lock import Claim, claim

__all__ = ["Claim", "Cluster", "claim", "ensure_running"]
