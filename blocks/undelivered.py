"""What is said when a message cannot be shown where it belongs."""

from blocks import kit, mrkdwn
from blocks.element import Block
from domain.card import Content

_REASONS: dict[str, str] = {
    "not_in_channel": "I am not a member. Invite me there with `/invite @Quarterdeck`.",
    "channel_not_found": "I cannot see it. If it is private, invite me there with `/invite @Quarterdeck`.",
    "is_archived": "it is archived. Unarchive it, or ask in another channel.",
    "missing_scope": "the Slack app lacks a permission. Install it again with the current manifest.",
}
# No permission would change these.
_CONTENT = frozenset(
    {
        *("invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "no_text"),
        *("invalid_arguments", "invalid_metadata_format", "metadata_too_large", "cant_update_message"),
    }
)


def explain(code: str) -> str:
    """Why Slack refuses us, and the fix, from Slack's own word for it (markup)."""
    if code in _CONTENT:
        return f"Slack refuses the message itself (`{code}`), which is a defect of mine. Report it, please."
    return _REASONS.get(code, f"Slack says `{code}`. An administrator can allow me to post there.")


def undelivered(channel: str, code: str) -> Content:
    """To the person who asked, once: nothing is lost, but it cannot be shown there."""
    sentence = mrkdwn.fill(
        "I cannot show you my answer in {}: {}", mrkdwn.channel(channel), mrkdwn.Mrkdwn(explain(code))
    )
    fix = "Nothing is lost: what you asked for is recorded, and `/qd status` tells how it stands."
    return kit.message(
        mrkdwn.join(" ", [sentence, fix]), [kit.section(sentence), kit.context(mrkdwn.Mrkdwn(fix))]
    )


def parent_deleted_note() -> Block:
    """Below a reply that stands alone since the message it answered was deleted."""
    return kit.context("The message that this replies to was deleted.")
