// Two nodes: one learns where the other is, dials it by its peer ID, and sees it go.
import { createSwarm } from '../src/index.ts'

const log = (line: string): void => { process.stdout.write(`${line}\n`) }

const alice = await createSwarm()
const bob = await createSwarm({ listen: ['/ip4/127.0.0.1/tcp/0'] })

bob.notify({
  connected: ({ remotePeer, direction }) => { log(`bob: ${direction} connection with ${name(remotePeer.toString())}`) }
})

const gone = new Promise<void>((resolve) => {
  alice.notify({
    disconnected: ({ remotePeer }, reason) => {
      log(`alice: ${name(remotePeer.toString())} is gone, ${reason.code} by ${reason.by}`)
      resolve()
    }
  })
})

await alice.peerStore.merge(bob.peerId, { multiaddrs: bob.listenAddresses() })
const connection = await alice.dial(bob.peerId)

log(`alice: connected over ${connection.encryption} and ${connection.multiplexer}`)
await bob.close()
await gone
await alice.close()

function name (peer: string): string {
  return alice.peerId.equals(peer) ? 'alice' : 'bob'
}
