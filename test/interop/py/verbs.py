"""What the peer does when it is asked to."""

import hashlib
import secrets

from libp2p.crypto.keys import KeyType
from libp2p.custom_types import TProtocol
from libp2p.host.ping import PingService
from libp2p.identity.identify.identify import ID as IDENTIFY
from libp2p.identity.identify.pb.identify_pb2 import Identify
from libp2p.identity.identify_push.identify_push import push_identify_to_peers
from libp2p.network.stream.exceptions import StreamReset
from libp2p.peer.id import ID
from libp2p.peer.peerinfo import info_from_p2p_addr
from libp2p.peer.peerstore import PeerStoreError
from libp2p.utils.varint import read_length_prefixed_protobuf
from multiaddr import Multiaddr
import trio

from handlers import ECHO, GIVE, PERF, RESET, SINK
from streams import count_all, end_after, exchange, read_all, write_zeros

# seconds
CONNECTION_LIMIT = 10

KEY_TYPES = {KeyType.RSA: "RSA", KeyType.Ed25519: "Ed25519"}


async def open_stream(node, args, protocol):
    return await node.new_stream(ID.from_string(args["peer"]), [protocol])


async def connect(node, args):
    info = info_from_p2p_addr(Multiaddr(args["addr"]))
    await node.connect(info)
    return await connection(node, {"peer": str(info.peer_id)})


async def connection(node, args):
    """
    Of who has dialled, the key is known when identify has told it; its connection, when it is set up here too. What
    the library does not tell of a connection is null: security and muxer over TLS and QUIC, the transport over ws.
    """
    peer = ID.from_string(args["peer"])
    with trio.fail_after(CONNECTION_LIMIT):
        while not node.get_network().get_connections(peer) or (key := known_key(node, peer)) is None:
            await trio.sleep(0.02)
    conn = node.get_network().get_connections(peer)[0]
    address = str((conn.get_transport_addresses() or [""])[0])
    known = ["quic-v1", "ws", "tcp"]
    return {
        "peer": str(peer),
        "security": conn._negotiated_security_protocol,
        "muxer": conn._negotiated_muxer_protocol,
        "transport": next((name for name in known if f"/{name}" in address), None),
        "early": None,
        "limited": False,
        "keyType": KEY_TYPES[key.get_type()],
    }


def known_key(node, peer):
    try:
        return node.get_peerstore().pubkey(peer)
    except PeerStoreError:
        return None


async def disconnect(node, args):
    await node.disconnect(ID.from_string(args["peer"]))


async def ping(node, args):
    await PingService(node).ping(ID.from_string(args["peer"]), ping_amt=3)


async def echo(node, args):
    """Writes and reads at the same time, and compares what comes back."""
    stream = await open_stream(node, args, ECHO)
    sent = secrets.token_bytes(args["bytes"])
    got = await exchange(stream, sent)
    await stream.close()
    if got != sent:
        raise ValueError(f"sent {len(sent)} bytes, got {len(got)} others")
    return {"sha256": hashlib.sha256(got).hexdigest()}


async def sink(node, args):
    stream = await open_stream(node, args, SINK)
    await end_after(stream, write_zeros(stream, args["bytes"]))
    count = int.from_bytes(await read_all(stream), "big")
    await stream.close()
    return {"count": count}


async def give(node, args):
    stream = await open_stream(node, args, GIVE)
    text = (await read_all(stream)).decode()
    # the other side has ended; ours goes on
    await stream.write(b"after your end")
    await stream.close()
    return {"text": text}


async def reset(node, args):
    """py-libp2p knows no codes of resets."""
    stream = await open_stream(node, args, RESET)
    await stream.write(b"\x01")
    try:
        await count_all(stream)
    except StreamReset:
        return {"code": None, "remote": True}
    raise ValueError("wanted a reset, got an end")


async def perf(node, args):
    stream = await open_stream(node, args, PERF)
    await stream.write(args["download"].to_bytes(8, "big"))
    await end_after(stream, write_zeros(stream, args["upload"]))
    count = await count_all(stream)
    await stream.close()
    return {"count": count}


async def refused(node, args):
    try:
        stream = await open_stream(node, args, TProtocol(args["protocol"]))
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
    await stream.reset()
    raise ValueError(f"{args['protocol']} was not refused")


def line(text):
    """A line of multistream-select."""
    return bytes([len(text) + 1]) + text.encode() + b"\n"


async def lazy(node, args):
    """The host waits for the answer before it writes, so this is negotiated by hand."""
    stream = await node.get_network().new_stream(ID.from_string(args["peer"]))
    asked = line("/multistream/1.0.0") + line(args["protocol"])
    await end_after(stream, stream.write(asked + b"lazily"))
    try:
        got = await read_all(stream)
    except StreamReset as error:
        return {"error": type(error).__name__}
    if got.startswith(asked):
        return {"text": got[len(asked) :].decode()}
    return {"error": got.decode()}


async def identify(node, args):
    """
    Tells what identify has found out, as soon as it names the protocol that is asked for. The host keeps no agent
    and no version of a peer, so these are asked for again.
    """
    peer = ID.from_string(args["peer"])
    while args["protocol"] not in known_protocols(node, peer):
        await trio.sleep(0.02)
    stream = await open_stream(node, args, IDENTIFY)
    message = Identify.FromString(await read_length_prefixed_protobuf(stream))
    await stream.close()
    return {
        "protocols": known_protocols(node, peer),
        "agent": message.agent_version,
        "version": message.protocol_version,
        "addrs": [str(address) for address in node.get_peerstore().addrs(peer)],
    }


def known_protocols(node, peer):
    store = node.get_peerstore()
    return store.get_protocols(peer) if peer in store.peer_ids() else []


async def add_protocol(node, args):
    """Changes what identify says; of itself the host pushes it to nobody."""

    async def close(stream):
        await stream.close()

    node.set_stream_handler(TProtocol(args["protocol"]), close)
    await push_identify_to_peers(node)


VERBS = {
    "connect": connect,
    "connection": connection,
    "disconnect": disconnect,
    "ping": ping,
    "echo": echo,
    "sink": sink,
    "give": give,
    "reset": reset,
    "perf": perf,
    "refused": refused,
    "lazy": lazy,
    "identify": identify,
    "add-protocol": add_protocol,
}
