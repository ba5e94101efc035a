"""The packaged policy, row by row; policies of one's own, and what one hears of a mistake in them."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.policy import load
from domain.approval import APPROVERS, LEADS, Level, RiskFacts, Role
from domain.errors import ConfigurationError
from domain.risk import assess, require

PACKAGED = Path(__file__).parents[3] / "bot" / "defaults" / "policy.yaml"

# operation, effect, resource, environment, other facts, level
TABLE = [
    ("delete", "delete", "service", "production", {}, "critical"),
    ("delete", "delete", "data", "production", {}, "critical"),
    ("delete", "delete", "database", "production", {}, "critical"),
    ("remove", "delete", "infrastructure", "production", {}, "critical"),
    ("delete", "delete", "service", "staging", {}, "low"),
    ("delete", "delete", "database", "staging", {}, "low"),
    ("migrate", "update", "database", "production", {}, "critical"),
    ("migrate", "create", "database", "production", {}, "critical"),
    ("migrate", "update", "database", "Production", {}, "critical"),
    ("migrate", "update", "database", "staging", {}, "low"),
    ("query", "read", "database", "production", {}, "low"),
    ("rotate", "update", "secret", "production", {}, "critical"),
    ("rotate", "update", "secret", "staging", {}, "critical"),
    ("read", "read", "secret", "production", {}, "critical"),
    ("create", "create", "secret", "development", {}, "critical"),
    ("grant", "create", "permission", "production", {}, "critical"),
    ("revoke", "delete", "permission", "staging", {}, "critical"),
    ("export", "read", "data", "production", {"sensitive": True}, "critical"),
    ("export", "read", "data", "staging", {"sensitive": True}, "critical"),
    ("export", "read", "data", "production", {}, "low"),
    ("read", "read", "data", "production", {"sensitive": True}, "low"),
    ("deploy", "update", "service", "production", {}, "high"),
    ("deploy", "create", "service", "production", {"reversible": False}, "high"),
    ("deploy", "update", "database", "production", {}, "critical"),
    ("deploy", "update", "service", "staging", {}, "medium"),
    ("deploy", "update", "service", "development", {}, "low"),
    ("roll_back", "update", "service", "production", {}, "high"),
    ("roll_back", "update", "service", "staging", {}, "medium"),
    ("restart", "update", "service", "production", {}, "high"),
    ("restart", "update", "service", "staging", {}, "medium"),
    ("scale", "update", "service", "production", {}, "high"),
    ("scale", "update", "service", "staging", {}, "medium"),
    ("scale", "update", "service", "staging", {"cost": 1_200}, "high"),
    ("resize", "update", "infrastructure", "staging", {}, "high"),
    ("create", "create", "infrastructure", "production", {}, "high"),
    ("delete", "delete", "infrastructure", "staging", {}, "high"),
    ("read", "read", "infrastructure", "production", {}, "low"),
    ("open_port", "update", "network", "production", {}, "high"),
    ("open_port", "create", "network", "staging", {}, "high"),
    ("read", "read", "network", "production", {}, "low"),
    ("order", "create", "service", "production", {"cost": 1_000.01}, "high"),
    ("order", "create", "service", "production", {"cost": 1_000}, "medium"),
    ("order", "create", "service", "production", {"cost": 100.01}, "medium"),
    ("order", "create", "service", "production", {"cost": 100}, "low"),
    ("merge", "update", "change", "production", {}, "medium"),
    ("import", "create", "data", "production", {}, "medium"),
    ("import", "create", "data", "staging", {}, "medium"),
    ("read", "read", "service", "production", {}, "low"),
    ("post", "create", "message", "production", {}, "low"),
    ("assign", "update", "change", "production", {}, "low"),
    ("read", "read", "service", "production", {"cost": 150}, "medium"),
]


def facts(operation: str, effect: str, resource: str, environment: str, **others: object) -> RiskFacts:
    known = {"action": "some", "reversible": True, "sensitive": False, "cost": 0.0} | others
    return RiskFacts(
        operation=operation,
        effect=effect,
        resource=resource,
        environment=environment,
        **known,  # type: ignore[arg-type]  # a table of keywords
    )


@pytest.mark.parametrize(("operation", "effect", "resource", "environment", "others", "level"), TABLE)
def test_the_packaged_policy(
    operation: str, effect: str, resource: str, environment: str, others: dict[str, object], level: str
) -> None:
    assessment = assess([facts(operation, effect, resource, environment, **others)], load())

    assert assessment.level == level
    assert assessment.reasons
    assert all(reason.endswith(".") for reason in assessment.reasons)


def test_every_rule_of_the_packaged_policy_decides_a_row_of_the_table() -> None:
    given = {
        reason for *step, others, _ in TABLE for reason in assess([facts(*step, **others)], load()).reasons
    }

    assert {rule.reason for rule in load().rules} <= given


def test_low_runs_at_once() -> None:
    assert load().requirements[Level.LOW].immediate


def test_medium_needs_one_approver_who_may_be_the_requester() -> None:
    medium = load().requirements[Level.MEDIUM]

    assert (medium.count, medium.roles, medium.including) == (1, APPROVERS, ())
    assert medium.requester_counts
    assert not medium.reason_required


def test_high_needs_one_lead_who_is_not_the_requester() -> None:
    high = load().requirements[Level.HIGH]

    assert (high.count, high.roles, high.requester_counts) == (1, LEADS, False)


def test_critical_needs_two_people_one_of_them_a_lead_neither_the_requester_and_a_reason() -> None:
    critical = load().requirements[Level.CRITICAL]

    assert (critical.count, critical.roles, critical.including) == (2, APPROVERS, (LEADS,))
    assert critical.reason_required
    assert not critical.requester_counts


def test_approvals_wait_half_an_hour_an_hour_and_an_hour_and_a_half() -> None:
    requirements = load().requirements

    waits = [requirements[level].lifetime for level in (Level.MEDIUM, Level.HIGH, Level.CRITICAL)]
    assert waits == [timedelta(minutes=minutes) for minutes in (30, 60, 90)]


def changed(folder: Path, old: str, new: str) -> Path:
    text = PACKAGED.read_text("utf-8")
    assert text.count(old) >= 1, old
    path = folder / "policy.yaml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    return path


def test_one_setting_overrides_every_time_out(tmp_path: Path) -> None:
    path = changed(tmp_path, "operations: {}", "operations: {deploy: {production: {count: 2, minutes: 1}}}")
    policy = load(path, ttl_seconds=5)

    assert {each.lifetime for each in policy.requirements.values()} == {timedelta(seconds=5)}
    needed = require([facts("deploy", "update", "service", "production")], Level.HIGH, policy)
    assert needed.lifetime == timedelta(seconds=5)


@pytest.mark.parametrize("seconds", [0, -1, 10**9])
def test_a_time_out_has_bounds(seconds: int) -> None:
    with pytest.raises(
        ConfigurationError, match="QD_APPROVAL_TTL_SECONDS should be from 1 to 604800 seconds"
    ):
        load(ttl_seconds=seconds)


def test_an_operation_may_ask_for_more(tmp_path: Path) -> None:
    path = changed(
        tmp_path,
        "operations: {}",
        """operations:
  deploy:
    production: {count: 2, including: [on_call], reason_required: true, minutes: 20}
  post:
    "*": {count: 1, requester_counts: false}
""",
    )
    policy = load(path)

    deploy = require([facts("deploy", "update", "service", "production")], Level.HIGH, policy)
    assert (deploy.count, deploy.roles, deploy.including) == (2, LEADS, (frozenset({Role.ON_CALL}),))
    assert (deploy.reason_required, deploy.lifetime) == (True, timedelta(minutes=20))
    post = require([facts("post", "create", "message", "staging")], Level.LOW, policy)
    assert (post.count, post.roles, post.immediate) == (1, APPROVERS, False)
    staging = require([facts("deploy", "update", "service", "staging")], Level.MEDIUM, policy)
    assert staging == policy.requirements[Level.MEDIUM]


# what is replaced in the packaged file, by what, how many lines below that the mistake is, and what is said
MISTAKES = [
    ("level: critical", "level: hihg", 0, "`level` should be 'low', 'medium', 'high' or 'critical'"),
    ("default: low", "default: none", 0, "`default` should be 'low', 'medium', 'high' or 'critical'"),
    ("default: low", "defualt: low", 0, "`defualt` is not known here: correct its spelling, or remove it"),
    ("  - level: high\n", "  - lvel: high\n", 0, "`level` is missing"),
    ("when: {resource: secret}", "when: {}", 0, "`when` is empty: name at least one fact"),
    ("resource: secret", "ressource: secret", 0, "`ressource` is not known here"),
    ("effect: read", "effect: reed", 0, "`effect` should be 'create', 'read', 'update' or 'delete'"),
    ("sensitive: true", "sensitive: maybe", 0, "`sensitive` should be true or false"),
    ("cost_over: 100", "cost_over: much", 0, "`cost_over` should be a valid number"),
    ("cost_over: 100", "cost_over: .nan", 0, "`cost_over` should be"),
    ("resource: network", "resource: 7", 0, "`resource` should be a valid string"),
    ("resource: network", "resource: []", 0, "`resource` should name at least one"),
    ("count: 2\n", "count: two\n", 0, "`count` should be a valid integer"),
    ("count: 2\n", "count: 0\n", 0, "`critical` needs at least one person to agree"),
    ("reason_required: true", "requester_counts: true", 0, "the requester never counts for `critical`"),
    ("roles: [on_call,", "roles: [developer,", 0, "`developer` is no approver role: use some of on_call,"),
    ("roles: [on_call,", "roles: [boss,", 0, "`roles` should be 'developer', 'on_call'"),
    ("minutes: 90", "minutes: 0", 0, "`minutes` should be greater than 0"),
    ("default: low", "default: low\ndefault: high", 1, "`default` stands there already in line"),
    ("default: low", "default: [low", 3, "expected ',' or ']'"),
    ("operations: {}", "operations: [deploy]", 0, "`operations` should be a mapping"),
    ("operations: {}", "operations:\n  deploy:\n    '*': {}", 2, "`*` adds nothing"),
    ("operations: {}", "operations: {a: {b: {count: 1, count: 2}}}", 0, "`count` stands there already"),
    (
        "operations: {}",
        "operations:\n a:\n  b: {requester_counts: true}",
        2,
        "`requester_counts` should be False",
    ),
]


@pytest.mark.parametrize(("old", "new", "below", "reason"), MISTAKES)
def test_a_broken_policy_names_file_line_and_reason(
    tmp_path: Path, old: str, new: str, below: int, reason: str
) -> None:
    path = changed(tmp_path, old, new)
    text = PACKAGED.read_text("utf-8")
    line = text.count("\n", 0, text.index(old)) + 1 + below

    with pytest.raises(ConfigurationError) as caught:
        load(path)

    assert caught.value.sentence.startswith(f"{path}, line {line}: {reason}")


def test_a_policy_that_is_not_there_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path / "none.yaml")

    assert "none.yaml cannot be read (no such file or directory): let QD_POLICY name" in caught.value.sentence


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", b"default: \x00", b"a: !!python/object:os.system {}", b"[" * 5000]
)
def test_what_is_no_plain_yaml_is_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "policy.yaml"
    path.write_bytes(content)

    with pytest.raises(ConfigurationError) as caught:
        load(path)

    assert str(path) in caught.value.sentence
    assert "\n" not in caught.value.sentence


def test_an_empty_policy_says_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("", "utf-8")

    with pytest.raises(ConfigurationError, match="line 1: `levels` is missing"):
        load(path)
