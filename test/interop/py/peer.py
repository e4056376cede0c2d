"""
A py-libp2p node that tests drive: it prints its addresses as a line of JSON, then does what each line of JSON on
its stdin asks, and answers with a line of JSON. It ends with its stdin.
"""

import argparse
from datetime import datetime, timedelta, timezone
from importlib.metadata import version
import json
import platform
import sys

from cryptography import x509
from cryptography.x509.oid import NameOID
from libp2p import new_host
from libp2p.crypto.ed25519 import create_new_key_pair as new_ed25519_key
from libp2p.crypto.rsa import create_new_key_pair as new_rsa_key
from libp2p.crypto.x25519 import create_new_key_pair as new_x25519_key
from libp2p.network.config import ConnectionConfig
from libp2p.security.noise.transport import PROTOCOL_ID as NOISE, Transport as Noise
from libp2p.security.tls.transport import PROTOCOL_ID as TLS, IdentityConfig, TLSTransport
from libp2p.stream_muxer.mplex.mplex import MPLEX_PROTOCOL_ID as MPLEX, Mplex
from libp2p.stream_muxer.yamux.yamux import PROTOCOL_ID as YAMUX, Yamux
from libp2p.tools.anyio_service import background_trio_service
from multiaddr import Multiaddr
import trio

from handlers import LIMIT, serve
from topics import Topics
from verbs import VERBS

PACKAGES = ["libp2p", "trio", "multiaddr", "cryptography", "aioquic", "trio-websocket"]


def read_flags():
    parser = argparse.ArgumentParser()
    parser.add_argument("-listen", default="/ip4/127.0.0.1/tcp/0", help="multiaddrs, separated by commas")
    parser.add_argument("-key", default="ed25519", choices=["ed25519", "rsa"])
    parser.add_argument("-security", default="noise", choices=["noise", "tls"])
    parser.add_argument("-muxer", default="yamux", choices=["yamux", "mplex"])
    parser.add_argument("-versions", action="store_true", help="print the versions of the packages, and end")
    return parser.parse_args()


def bare_certificate():
    """
    A certificate with no extension but that of libp2p, which `@libp2p/tls` looks for in the first place only. Those
    that py-libp2p makes of itself have two others before it.
    """
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "libp2p")])
    now = datetime.now(timezone.utc)
    return (
        x509.CertificateBuilder()
        .serial_number(x509.random_serial_number())
        .subject_name(name)
        .issuer_name(name)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=365))
    )


def create_security(name, key):
    if name == "tls":
        return {TLS: TLSTransport(key, identity_config=IdentityConfig(cert_template=bare_certificate()))}
    return {NOISE: Noise(key, new_x25519_key().private_key)}


def create_node(flags, listen):
    key = new_rsa_key(bits=2048) if flags.key == "rsa" else new_ed25519_key()
    return new_host(
        key_pair=key,
        sec_opt=create_security(flags.security, key),
        muxer_opt={MPLEX: Mplex} if flags.muxer == "mplex" else {YAMUX: Yamux},
        listen_addrs=listen,
        enable_quic=any("quic" in str(address) for address in listen),
        enable_websocket=True,
        # it would connect again, of itself, to whom it was disconnected from
        connection_config=ConnectionConfig(min_connections=0, low_watermark=0),
    )


def say(value):
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


async def obey(node, verbs, request):
    try:
        if request["verb"] not in verbs:
            raise KeyError(f"there is no verb {request['verb']}")
        with trio.fail_after(LIMIT):
            value = await verbs[request["verb"]](node, request.get("args") or {})
        say({"id": request["id"], "value": value})
    except Exception as error:
        say({"id": request["id"], "error": f"{type(error).__name__}: {error}"})


async def run(flags):
    listen = [Multiaddr(address) for address in flags.listen.split(",")]
    node = create_node(flags, listen)
    topics = Topics(node)
    verbs = VERBS | topics.verbs()
    serve(node)
    async with (
        node.run(listen_addrs=listen),
        background_trio_service(topics.pubsub),
        background_trio_service(topics.router),
        trio.open_nursery() as nursery,
    ):
        await topics.pubsub.wait_until_ready()
        say({"peer": str(node.get_id()), "addrs": [str(address) for address in node.get_addrs()]})
        async for line in trio.wrap_file(sys.stdin):
            nursery.start_soon(obey, node, verbs, json.loads(line))
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    chosen = read_flags()
    if chosen.versions:
        say({"python": platform.python_version()} | {name: version(name) for name in PACKAGES})
    else:
        trio.run(run, chosen)
