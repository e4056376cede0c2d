"""Gossipsub: what the peer joins, publishes and receives."""

from libp2p.peer.id import ID
from libp2p.pubsub.gossipsub import PROTOCOL_ID, PROTOCOL_ID_V11, PROTOCOL_ID_V12, GossipSub
from libp2p.pubsub.pubsub import Pubsub
import trio

# meshes of few peers, and a heartbeat a second, as elsewhere: here the default is two minutes
ROUTER = {"degree": 6, "degree_low": 4, "degree_high": 12, "heartbeat_interval": 1}


class Topics:
    def __init__(self, node):
        self.id = node.get_id()
        self.router = GossipSub([PROTOCOL_ID_V12, PROTOCOL_ID_V11, PROTOCOL_ID], **ROUTER)
        self.pubsub = Pubsub(node, self.router)
        self.subscriptions = {}

    async def join(self, node, args):
        self.subscriptions[args["topic"]] = await self.pubsub.subscribe(args["topic"])

    async def publish(self, node, args):
        """Waits for somebody who has joined: what is published before reaches nobody."""
        while not self.pubsub.peer_topics.get(args["topic"]):
            await trio.sleep(0.02)
        await self.pubsub.publish(args["topic"], args["text"].encode())

    async def next(self, node, args):
        while True:
            message = await self.subscriptions[args["topic"]].get()
            if message.from_id != self.id.to_bytes():
                return {"text": message.data.decode(), "from": str(ID(message.from_id))}

    def verbs(self):
        return {"join": self.join, "publish": self.publish, "next": self.next}
