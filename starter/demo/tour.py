"""The guided tour: the stories of the demo, side by side, each watched from the record while it is lived through."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import asyncpg

from activities.store.case_files import CaseFiles
from starter.client.error_mapping import as_client_error
from starter.demo.player import Stage, StoryFailed, StoryRun
from starter.demo.stories import Act, Pass, Story, Tell
from starter.demo.stories.shared import COAT
from workflows.complaint.domain.timeline import Step
from workflows.complaint.domain.view import View
from workflows.complaint.views.timeline import StepView
from workflows.money.amount import Money
from workflows.vocabulary import MoneyState

_LOOK = 0.5

_CAST = (
    ("羊毛双面呢大衣", "驼色 M", "b-lihua", "shop-qinghe", "李华"),
    ("羊绒混纺围巾礼盒", "格纹", "b-chenjing", "shop-yunxiang", "陈静"),
    ("羊毛针织连衣裙", "藏青 L", "b-zhaolei", "shop-wulin", "赵蕾"),
    ("羊毛混纺西装", "炭灰 52", "b-sunhao", "shop-songjiang", "孙浩"),
    ("复古羊羔毛外套", "米白 S", "b-liuyang", "shop-haining", "刘洋"),
    ("羊毛提花开衫", "酒红 M", "b-zhouting", "shop-qinghe", "周婷"),
    ("加厚羊毛毯", "1.8 米", "b-wuqiang", "shop-alashan", "吴强"),
)
"""Woollens with buyers and shops: the stories of the coat are told about each in turn."""


_TAKES = {
    "seller_answered": 20,
    "intervention_requested": 15,
    "buyer_contacted": 3,
    "ruled": 21,
    "ruling_countersigned": 5,
    "ruling_confirmed": 9,
    "ruling_appealed": 12,
    "appeal_decided": 22,
    "evidence_submitted": 14,
    "goods_sent": 30,
    "goods_received": 25,
    "offer_made": 7,
    "offer_confirmed": 13,
    "payment_retried": 6,
    "withdrawn": 17,
    "survey_answered": 26,
    "letter_sent": 19,
}
"""Hours people let go by before they speak; all within the time they have."""


def paced(story: Story) -> Story:
    """Let people take their time before they speak, as they do; the story and its ending stay the same."""
    acts: list[Act] = []
    for act in story.acts:
        if isinstance(act, Tell) and act.code is None and act.kind in _TAKES:
            acts.append(Pass(timedelta(hours=_TAKES[act.kind])))
        acts.append(act)
    return replace(story, acts=tuple(acts))


def cast(stories: Sequence[Story]) -> tuple[Story, ...]:
    """Give the stories that share one coat goods, buyers and shops of their own; prices and words stay."""
    known: list[Story] = []
    for story in stories:
        if story.goods is COAT:
            title, spec, buyer, seller, name = _CAST[len(known) % len(_CAST)]
            goods = replace(COAT, title=title, spec=spec, buyer=buyer, seller=seller)
            known.append(replace(story, goods=goods, complaint=replace(story.complaint, name=name)))
        else:
            known.append(story)
    return tuple(known)


@dataclass
class Row:
    """One complaint of the tour, as it was last seen; `ended` once its story is over, `amiss` what went wrong."""

    playing: StoryRun
    view: View | None = None
    now: datetime | None = None
    ended: bool = False
    amiss: tuple[str, ...] = ()

    @property
    def story(self) -> Story:
        """What is lived through."""
        return self.playing.story

    @property
    def share(self) -> float:
        """How much of the story is behind it, 0 to 1; a complaint that is closed has it all behind it."""
        return 1.0 if self.ended else self.playing.done / (len(self.story.acts) + 1)

    @property
    def days(self) -> timedelta:
        """The time lived through, the complaint's own."""
        return (self.now or self.playing.filed_at) - self.playing.filed_at

    @property
    def moved(self) -> Money:
        """What was paid in all."""
        movements = self.view.money if self.view else ()
        return Money(amount=sum(one.amount.amount for one in movements if one.state is MoneyState.SETTLED))

    def seen(self, view: View, steps: Sequence[Step | StepView]) -> None:
        """Take over how the complaint reads now."""
        self.view = view
        instants = [self.playing.now, *(step.at for step in steps[-1:])]
        # What closes a complaint is its end; the clock may have been told to run on.
        self.now = instants[-1] if view.outcome else max(instants)


Notice = Callable[[Row], None]
"""Hears of a complaint that has come to another phase, or whose story has ended."""


class Tour:
    """All stories of the tour on one stack; `rows` are in the order of telling."""

    def __init__(self, stories: Sequence[Story], stage: Stage, files: CaseFiles) -> None:
        self.rows = [Row(StoryRun(paced(story), stage)) for story in cast(stories)]
        self._files = files

    async def play(self, notice: Notice) -> None:
        """Live through every story; what goes wrong in one is told in its row and hurts no other."""
        watching = asyncio.create_task(self._watch(notice))
        try:
            await self._play(notice)
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching

    async def _play(self, notice: Notice) -> None:
        running = [asyncio.create_task(self._live(row, notice)) for row in self.rows]
        try:
            await asyncio.gather(*running)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _live(self, row: Row, notice: Notice) -> None:
        try:
            await row.playing.to_the_end()
            row.amiss = await row.playing.faults()
            row.seen(await row.playing.view(), await row.playing.timeline())
        except StoryFailed as wrong:
            row.amiss = (f"act {row.playing.done + 1}: {wrong}",)
        except Exception as wrong:  # noqa: BLE001 - whatever befalls one story is told in its row and hurts no other
            row.amiss = (f"act {row.playing.done + 1}: {as_client_error(wrong)}",)
        row.ended = True
        notice(row)

    async def _watch(self, notice: Notice) -> None:
        while True:
            for row in self.rows:
                if row.playing.complaint and not row.ended:
                    await self._look_at(row, notice)
            await asyncio.sleep(_LOOK)

    async def _look_at(self, row: Row, notice: Notice) -> None:
        before = row.view.phase if row.view else None
        with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):  # seen the next time
            view = await self._files.view(row.playing.complaint)
            steps = await self._files.timeline(row.playing.complaint)
            if view is not None and not row.ended:
                row.seen(view, steps)
                if view.phase is not before and not view.outcome:  # the end is told when the story is over
                    notice(row)
