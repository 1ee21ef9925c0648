from tests.console.stage import a_console
from tests.console.condor import *
async def test_x():
    async with a_console(accounts=2) as stage:
        await plan_condor(stage)
        await stage.press("plus")
        await replanned(stage)
        await stage.press("z", "e")
        await stage.press("1", "6", "enter")
        await stage.until(lambda: "16 units" in stage.text(), "sixteen units")
        print(stage.console.focused)
        await stage.press("plus")
        print(stage.console.said, stage.text())
async def test_y():
    async with a_console(accounts=2) as stage:
        await plan_condor(stage, f"{CONDOR.replace('1.60', '0.20')} all")
        print(stage.text())
        print(staged(stage).plan.lines[0])
        await stage.press("o")
        print(stage.text())
