"""Whatever happens to notifier and daemon, what was committed arrives, in its order."""

from __future__ import annotations

from random import Random

from delivery_scene import TIMEOUT_S, message
from hypothesis import given, settings
from hypothesis import strategies as st
from messages import NOW
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from logmond.outputs.audience import Terms
from logmond.outputs.delivery import Delivery
from logmond.outputs.notifier import Message, NotDelivered


class Receiver:
    """Takes what it is sent, or fails, as the script says; remembers all it has taken."""

    def __init__(self, script: list[str]) -> None:
        self.taken: list[str] = []
        self._script = iter(script)

    def send(self, message: Message) -> Deferred[None]:
        """Answer by the script; behind its end all is well."""
        word = next(self._script, "take")
        if word in ("take", "lose the answer"):
            self.taken.append(message.id)
        if word == "take":
            return succeed(None)
        if word == "fail":
            raise NotDelivered("fail")
        return Deferred()

    def close(self) -> Deferred[None]:
        """Nothing is open."""
        return succeed(None)


_WORDS = st.sampled_from(["take", "fail", "hang", "lose the answer"])


_HAPPENINGS = st.lists(st.sampled_from(["pass", "commit", "crash", "message"]), max_size=40)


@settings(max_examples=150)
@given(st.lists(_WORDS, max_size=12), _HAPPENINGS, st.integers(0, 99))
def test_every_committed_message_arrives_in_order_whatever_happens(
    script: list[str], happenings: list[str], seed: int
) -> None:
    """Failures, hanging, lost answers, crashes at any moment: at least once, each in its order.

    Of each incident (there are two) the first copies arrive in the order of the messages.
    """
    receiver = Receiver(script)
    clock, outbox, entered = Clock(), dict[str, bytes](), list[str]()

    def alive() -> Delivery:
        delivery = Delivery(
            "hook",
            receiver,
            Terms(TIMEOUT_S, 1000),
            reactor=clock,
            wall=lambda: NOW + clock.seconds(),
            chance=Random(seed),
        )
        delivery.restore(outbox)
        return delivery

    def commit(delivery: Delivery) -> None:
        for name, body in delivery.backlog.changes().items():
            if body is None:
                outbox.pop(name, None)
            else:
                outbox[name] = body
        delivery.release(delivery.backlog.serial)

    delivery = alive()
    committed: list[str] = []
    for happening in happenings:
        if happening == "message":
            name = f"m{len(entered)}"
            entered.append(name)
            delivery.add(message(name, about="xy"[len(entered) % 2]))
        elif happening == "crash":
            delivery.close()
            delivery = alive()
            entered = list(dict.fromkeys([*committed]))
        elif happening == "commit":
            commit(delivery)
            committed = list(entered)
        clock.advance(1)
        delivery.tick()
    commit(delivery)
    for _ in range(4000):
        if not delivery.backlog:
            break
        clock.advance(1)
        delivery.tick()
    assert set(receiver.taken) >= set(entered)
    firsts = list(dict.fromkeys(receiver.taken))
    for parity in (0, 1):
        numbers = [int(name[1:]) for name in firsts if int(name[1:]) % 2 == parity]
        assert numbers == sorted(numbers)
    commit(delivery)
    assert outbox == {}
    delivery.close()
