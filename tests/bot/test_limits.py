"""The limiter keeps Telegram's limits: flood control that really counts has nothing to refuse."""

import asyncio

import pytest
from telegram.error import RetryAfter

from bot.telegram.limits import NOW, ChatLimiter, ban_seconds
from tests.bot.clients import NO_FLOOD, client, failure, run, statuses, texts
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.bot_api_play import Fault, Flood


@pytest.mark.parametrize(
    ("limiter", "speed", "chats", "each"),
    [
        (lambda: ChatLimiter(per_second=20, overall=1000), 20, [7], 15),
        (lambda: ChatLimiter(pace=1 / 90), 90, [-5], 45),
        (lambda: ChatLimiter(), 1, range(1, 31), 2),
        pytest.param(lambda: ChatLimiter(), 1, [7], 8, marks=pytest.mark.slow),
    ],
    ids=["chat", "group", "overall in real seconds", "chat in real seconds"],
)
def test_flood_control_has_nothing_to_refuse(
    limiter: "type[ChatLimiter]", speed: int, chats: list[int], each: int
) -> None:
    """As fast as the limits allow, and nothing is refused or left out."""

    async def main() -> None:
        async with FakeBotAPI(flood=Flood(speed)) as api, client(api, limiter()) as bot:
            await asyncio.gather(
                *(bot.send_message(chat, str(n)) for n in range(each) for chat in chats)
            )
            assert api.flood.refused == []
            for chat in chats:
                assert sorted(map(int, texts(api, chat))) == list(range(each))

    run(main)


def test_edits_count_like_messages() -> None:
    """Ten edits of a message in a row."""

    async def main() -> None:
        limiter = ChatLimiter(per_second=20, overall=1000)
        async with FakeBotAPI(flood=Flood(20)) as api, client(api, limiter) as bot:
            message = await bot.send_message(7, "0")
            for number in range(1, 11):
                await bot.edit_message_text(str(number), 7, message.message_id)
            assert api.flood.refused == [] and texts(api, 7) == ["10"]

    run(main)


def test_typing_is_not_held_back_by_messages() -> None:
    """It has no place in the chat's window."""

    async def main() -> None:
        limiter = ChatLimiter(per_second=0.001)
        async with FakeBotAPI() as api, client(api, limiter) as bot:
            for number in range(3):
                await bot.send_message(7, str(number))
            for _ in range(5):
                await bot.send_chat_action(7, "typing")
            assert api.count("sendChatAction") == 5

    run(main)


def test_a_ban_parks_its_own_chat_only() -> None:
    """The other chat is served meanwhile; the banned one is not called until it is over."""

    async def main() -> None:
        async with FakeBotAPI(flood=Flood(NO_FLOOD)) as api, client(api, ChatLimiter()) as bot:
            api.flood.ban(7, 0.9)
            banned = asyncio.create_task(bot.send_message(7, "late"))
            await api.until(lambda: api.flood.refused)
            await bot.send_message(8, "at once")
            waiting = asyncio.create_task(bot.send_message(7, "later"))
            assert not banned.done()
            await asyncio.gather(banned, waiting)
            assert sorted(texts(api, 7)) == ["late", "later"]
            assert statuses(api, "sendMessage", 7) == [429, 200, 200]

    run(main)


def test_who_stands_in_the_queue_hears_of_a_ban() -> None:
    """Three calls are refused; those behind them wait with them and are not refused, too."""

    async def main() -> None:
        limiter = ChatLimiter(per_second=10)
        async with FakeBotAPI(flood=Flood(NO_FLOOD)) as api, client(api, limiter) as bot:
            api.flood.ban(7, 0.9)
            await asyncio.gather(*(bot.send_message(7, str(n)) for n in range(6)))
            assert statuses(api, "sendMessage") == [429] * 3 + [200] * 6

    run(main)


def test_a_long_ban_is_told_at_once() -> None:
    """And told again, without a call that would make it longer."""

    async def main() -> None:
        async with FakeBotAPI(flood=Flood(NO_FLOOD)) as api, client(api, ChatLimiter()) as bot:
            api.flood.ban(7, 5072)
            for _ in range(3):
                error = await failure(bot.send_message(7, "x"))
                assert isinstance(error, RetryAfter) and 5060 < ban_seconds(error) < 5080
            assert statuses(api, "sendMessage") == [429]

    run(main)


def test_bans_one_after_the_other_are_not_waited_out_for_ever() -> None:
    """All waiting of one call together is at most the cap."""

    async def main() -> None:
        limiter = ChatLimiter(cap=0.6)
        async with FakeBotAPI(flood=Flood(NO_FLOOD)) as api, client(api, limiter) as bot:
            api.faults = [Fault("sendMessage", "flood", times=-1, retry_after=0.4)]
            assert isinstance(await failure(bot.send_message(7, "x")), RetryAfter)
            assert statuses(api, "sendMessage") == [429, 429]

    run(main)


def test_without_patience_a_call_is_made_now_or_not_at_all() -> None:
    """A full window refuses it, and so does a ban; neither is a call."""

    async def main() -> None:
        limiter = ChatLimiter(per_second=0.001)
        async with FakeBotAPI(flood=Flood(NO_FLOOD)) as api, client(api, limiter) as bot:
            for number in range(3):
                await bot.send_message(7, str(number), rate_limit_args=NOW)
            assert isinstance(
                await failure(bot.send_message(7, "3", rate_limit_args=NOW)), RetryAfter
            )
            assert texts(api, 7) == ["0", "1", "2"]
            api.flood.ban(8, 30)
            for _ in range(2):
                error = await failure(bot.send_message(8, "x", rate_limit_args=NOW))
                assert isinstance(error, RetryAfter)
            assert statuses(api, "sendMessage", 8) == [429]

    run(main)


def test_in_a_group_half_of_the_places_are_kept_for_what_must_be_said() -> None:
    """Previews get the others, and none of these."""

    async def main() -> None:
        limiter = ChatLimiter(per_second=1000, burst=1000)
        async with FakeBotAPI(flood=Flood(NO_FLOOD)) as api, client(api, limiter) as bot:
            for number in range(12):
                await failure(bot.send_message(-5, f"preview {number}", rate_limit_args=NOW))
            await asyncio.gather(*(bot.send_message(-5, str(n)) for n in range(10)))
            assert [text.split()[0] for text in texts(api, -5)[:10]] == ["preview"] * 10
            assert sorted(map(int, texts(api, -5)[10:])) == list(range(10))

    run(main)


def test_who_gives_up_waiting_leaves_the_place_to_the_next() -> None:
    """A cancelled call takes nothing with it."""

    async def main() -> None:
        limiter = ChatLimiter(per_second=10)
        async with FakeBotAPI(flood=Flood(NO_FLOOD)) as api, client(api, limiter) as bot:
            calls = [asyncio.create_task(bot.send_message(7, str(n))) for n in range(5)]
            await asyncio.gather(*calls[:3])
            calls[3].cancel()
            await calls[4]
            assert sorted(texts(api, 7)) == ["0", "1", "2", "4"]

    run(main)


def test_the_fake_would_have_refused() -> None:
    """Without a limiter the same messages are too fast: in the chat, in the group, in all."""

    async def main() -> None:
        async with FakeBotAPI(flood=Flood(speed=0.1)) as api, client(api) as bot:
            for chats in ([7] * 4, [-5] * 4, range(10, 60)):
                for chat in chats:
                    await failure(bot.send_message(chat, "x"))
                assert api.flood.refused[0]["retry_after"] == 10
                api.flood.refused.clear()
            api.flood = Flood(speed=1, burst=100)
            for _ in range(21):
                error = await failure(bot.send_message(-5, "x"))
            assert isinstance(error, RetryAfter) and ban_seconds(error) > 50

    run(main)
