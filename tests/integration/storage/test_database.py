"""What is done once a transaction has committed, and not before."""

import pytest
from sqlalchemy import text

from storage.database import Database, after_commit


async def test_it_is_done_after_the_commit_and_once(database: Database) -> None:
    done: list[str] = []
    async with database.unit_of_work() as session:
        after_commit(session, lambda: done.append("first"))
        after_commit(session, lambda: done.append("second"))
        await session.execute(text("SELECT 1"))
        async with session.begin_nested():
            await session.execute(text("SELECT 1"))
        assert done == []
    assert done == ["first", "second"]

    async with database.unit_of_work() as session:
        await session.execute(text("SELECT 1"))
    assert done == ["first", "second"]


async def test_what_is_rolled_back_was_never_done(database: Database) -> None:
    done: list[str] = []

    async def fail() -> None:
        async with database.unit_of_work() as session:
            after_commit(session, lambda: done.append("lost"))
            await session.execute(text("SELECT 1 / 0"))

    with pytest.raises(Exception, match="division by zero"):
        await fail()
    assert done == []
