"""Block Kit's documented rules, in a first cut: types, required fields, lengths, counts, duplicate ids.

Pure: dicts in, problems out. The later complete validator keeps these entry points.
"""

from sandbox.validator.rule import Problem
from sandbox.validator.surface import VIEW_BYTES, check_message_blocks, check_view

__all__ = ["VIEW_BYTES", "Problem", "check_message_blocks", "check_view"]
