"""The Slack app as data: `slack` for a real workspace, `sandbox` for the one on your desk."""

from importlib.resources import files


def read(name: str) -> str:
    """Return the YAML text of the manifest with this name ("slack" or "sandbox"), comments included."""
    return files(__name__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
