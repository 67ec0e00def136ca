"""Cameras that come and go, and count in every way there is."""
import time

from producer import Producer
from rig import Row, Test

LARGEST, LARGEST_OF_ALL = 2**32 - 1, 2**63 - 1


def flapping(test: Test) -> Row:
    """Cameras connect and disconnect, begin their count anew, jump, repeat and mix up their numbers."""
    with test.rig("camera-flapping") as rig:
        rig.start()
        rig.begin_load(rate=30)
        numbers = {f"flap/{n}": 0 for n in range(4)}
        for _ in range(10 if test.short else 300):
            camera = test.random.choice(sorted(numbers))
            producer = Producer(rig.context, rig.ledger, connect=rig.more)
            producer.wait_connected()
            if test.random.random() < 0.3:
                numbers[camera] = test.random.choice([0, 1, LARGEST - 5, 10**6, LARGEST_OF_ALL - 4])
            for _ in range(test.random.randrange(1, 40)):
                numbers[camera] = _send(producer, camera, numbers[camera], test)
            # Some go at once, and what is under way is lost.
            producer.close(linger_ms=test.random.choice([0, 200]))
            rig.faults += 1
        rig.wait_flowing()
        return rig.finish("camera-flapping")


def _send(producer: Producer, camera: str, number: int, test: Test) -> int:
    """Sends one frame or a few; returns the number that should come next."""
    def send(number: int) -> None:
        # What a header cannot say is another matter: such a frame gets the daemon's own number.
        if 0 <= number <= LARGEST_OF_ALL:
            producer.send(camera, number)

    kind = test.random.random()
    if kind < 0.05:
        number += test.random.choice([1, 2, 70, 10**6, 10**9, 2 * 10**9])
    elif kind < 0.1:
        send(number)
    elif kind < 0.15:
        send(number + 1)
        send(number)
        number += 2
    elif kind < 0.17:
        for back in range(12, 0, -1):
            send(number - back)
    elif kind < 0.2:
        producer.count += 1
        number = 0
    send(number)
    return 0 if number == LARGEST or number >= LARGEST_OF_ALL else number + 1


def counts(test: Test) -> Row:
    """A count that goes all the way round in jumps that are just no restart, again and again, comes to the same numbers."""
    with test.rig("count-goes-round") as rig:
        rig.start()
        rig.producer.wait_connected()
        rounds = 3 if test.short else 30
        for _ in range(rounds):
            for number in (0, 1, 10**9, 2 * 10**9, 3 * 10**9, 4 * 10**9, LARGEST - 1, LARGEST):
                rig.producer.send("line/round", number)
                time.sleep(0.005)
            rig.faults += 1
            rig.expect_alive()
        rig.wait_for_one("line/round", 0)
        return rig.finish("count-goes-round", f"{rounds} rounds")


SCENARIOS = {"camera-flapping": flapping, "count-goes-round": counts}
