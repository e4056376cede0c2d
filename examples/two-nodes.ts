// Two nodes: alice learns where bob is, dials him by his peer ID, is greeted, and sees him go.
import { createSwarm } from '../src/index.ts'

const log = (line: string): void => { process.stdout.write(`${line}\n`) }

const alice = await createSwarm()
const bob = await createSwarm({ listen: ['/ip4/127.0.0.1/tcp/0'] })

bob.handle('/hello/1.0.0', async (stream) => {
  await stream.end(`hello ${stream.connection.remotePeer.equals(alice.peerId) ? 'alice' : 'stranger'}`)
})

const gone = new Promise<void>((resolve) => {
  alice.notify({
    disconnected: (_, reason) => {
      log(`alice: the connection to bob is gone (${reason.code} by ${reason.by})`)
      resolve()
    }
  })
})

await alice.peerStore.merge(bob.peerId, { multiaddrs: bob.listenAddresses() })
const connection = await alice.dial(bob.peerId)

log(`alice: connected over ${connection.encryption} and ${connection.multiplexer}`)
log(`bob says: ${await (await connection.newStream('/hello/1.0.0')).text()}`)
await bob.close()
await gone
await alice.close()
