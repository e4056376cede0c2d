"""Reading and writing of py-libp2p streams to their ends."""

from libp2p.network.stream.exceptions import StreamEOF, StreamReset
from libp2p.stream_muxer.mplex.mplex_stream import MplexStream
from libp2p.stream_muxer.yamux.yamux import YamuxStream
from libp2p.transport.quic.stream import QUICStream
import trio

CHUNK = 64 * 1024


async def chunks(stream):
    """
    What the other side sends, until it ends its direction. Raises if it resets.

    Without a count, `read` of yamux returns what there is, and `read` of mplex waits for the end; with a count, that
    of yamux takes a reset for an end. That of QUIC says that a stream was reset when both directions have ended.
    """
    muxed = stream.muxed_stream
    count = None if isinstance(muxed, YamuxStream) else CHUNK
    while True:
        try:
            chunk = await stream.read(count)
        except StreamEOF:
            return
        except StreamReset:
            if isinstance(muxed, QUICStream) and not muxed.is_reset():
                return
            raise
        yield chunk


async def read_all(stream):
    return b"".join([chunk async for chunk in chunks(stream)])


async def count_all(stream):
    count = 0
    async for chunk in chunks(stream):
        count += len(chunk)
    return count


async def write(stream, data):
    for start in range(0, len(data), CHUNK):
        await stream.write(data[start : start + CHUNK])


async def write_zeros(stream, count):
    zeros = bytes(CHUNK)
    for start in range(0, count, CHUNK):
        await stream.write(zeros[: count - start])


async def end_after(stream, writing):
    await writing
    await stream.close_write()


async def exchange(stream, data):
    """
    What the other side sends back while this one writes and ends.

    A read of mplex that waits for bytes holds a lock that a write needs, and what nobody reads for five seconds resets
    its stream: there each piece is read back before the next is written.
    """
    if isinstance(stream.muxed_stream, MplexStream):
        got = [await exchange_piece(stream, data[start : start + CHUNK]) for start in range(0, len(data), CHUNK)]
        await stream.close_write()
        return b"".join([*got, await read_all(stream)])
    async with trio.open_nursery() as nursery:
        nursery.start_soon(end_after, stream, write(stream, data))
        return await read_all(stream)


async def exchange_piece(stream, piece):
    await stream.write(piece)
    got = b""
    while len(got) < len(piece):
        got += await stream.read(len(piece) - len(got))
    return got
