from __future__ import annotations

import gc

import pytest

from swimdesk.desk.calm import Calm


async def test_nothing_is_collected_from_the_first_begin_to_the_last_end() -> None:
    calm = Calm()
    calm.begin("one")
    calm.begin("other")
    calm.end("one")
    assert not gc.isenabled()
    calm.end("other")
    assert gc.isenabled()


async def test_an_end_without_a_beginning_changes_nothing() -> None:
    calm = Calm()
    calm.begin("one")
    calm.end("never begun")
    calm.end("one")
    calm.end("one")
    assert gc.isenabled()
    await calm.wait()


async def test_a_program_that_does_not_collect_is_left_so(request: pytest.FixtureRequest) -> None:
    request.addfinalizer(gc.enable)
    gc.disable()
    calm = Calm()
    calm.begin("one")
    calm.end("one")
    assert not gc.isenabled()
