// A node that still knows its friends after a restart: node persistent-peerstore.ts <folder> [friend's address]
import { join } from 'node:path'
import { LevelDatastore } from 'datastore-level'
import { createSwarm, loadOrCreateIdentity } from '../src/index.ts'

const [, , folder = '.', address] = process.argv

// who we are, and whom we know, outlive the process
const identity = await loadOrCreateIdentity(join(folder, 'key'))
const datastore = new LevelDatastore(join(folder, 'peers'))

await datastore.open()
const swarm = await createSwarm({ identity, datastore })

if (address != null) {
  const { remotePeer, remoteAddr } = await swarm.dial(address)

  await swarm.peerStore.merge(remotePeer, { multiaddrs: [remoteAddr] })
}

for (const { id } of await swarm.peerStore.all()) {
  const { remoteAddr } = await swarm.dial(id)

  process.stdout.write(`reached ${id.toString()} at ${remoteAddr.toString()}\n`)
}

await swarm.close()
await datastore.close()
