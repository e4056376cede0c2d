"""What the peer answers to; identify and ping come with the host."""

from libp2p.custom_types import TProtocol
import trio

from streams import chunks, count_all, read_all, write, write_zeros

ECHO = TProtocol("/echo/1.0.0")
SINK = TProtocol("/test/sink/1.0.0")
GIVE = TProtocol("/test/give/1.0.0")
RESET = TProtocol("/test/reset/1.0.0")
PERF = TProtocol("/perf/1.0.0")

# seconds; no verb and no stream takes longer, and a test waits twice as long
LIMIT = 30


async def echo(stream):
    async for chunk in chunks(stream):
        await write(stream, chunk)
    await stream.close()


async def sink(stream):
    """Answers when the other side has ended its direction."""
    count = await count_all(stream)
    await stream.write(count.to_bytes(8, "big"))
    await stream.close()


async def give(stream):
    """Ends its own direction first, and reads on."""
    await stream.write(b"given")
    await stream.close_write()
    await count_all(stream)
    await stream.close()


async def reset(stream):
    await stream.read(1)
    await stream.reset()


async def perf(stream):
    """As the specification says: a count, what is uploaded, its end; then as many bytes as were asked for."""
    sent = await read_all(stream)
    await write_zeros(stream, int.from_bytes(sent[:8], "big"))
    await stream.close()


def bounded(handler):
    async def handle(stream):
        try:
            with trio.fail_after(LIMIT):
                await handler(stream)
        except Exception:
            await stream.reset()

    return handle


def serve(node):
    for protocol, handler in {ECHO: echo, SINK: sink, GIVE: give, RESET: reset, PERF: perf}.items():
        node.set_stream_handler(protocol, bounded(handler))
