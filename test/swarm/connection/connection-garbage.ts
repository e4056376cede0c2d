/*
 * Prints how many bytes of a connection V8 keeps in its old generation after the connection has ended, on average, both ends
 * together: what only a full collection will find. To be run with a heap that needs none meanwhile.
 */
import { getHeapSpaceStatistics } from 'node:v8'
import { createSwarm } from '../../../src/index.ts'
import type { Swarm } from '../../../src/index.ts'

const ECHO = '/echo/1.0.0'
const FIRST_CONNECTIONS = 600
const CONNECTIONS = 400

function oldBytes (): number {
  return getHeapSpaceStatistics()
    .filter(({ space_name: name }) => name === 'old_space')
    .reduce((sum, { space_used_size: used }) => sum + used, 0)
}

async function connectOften (swarm: Swarm, address: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const connection = await swarm.dial(address)
    const stream = await connection.newStream(ECHO)

    await stream.end('hello')
    await stream.text()
    await connection.close()
  }
}

await using server = await createSwarm({ listen: ['/ip4/127.0.0.1/tcp/0'] })
await using client = await createSwarm()

server.handle(ECHO, async (stream) => { await stream.pipeTo(stream) })

const [address] = server.interfaceListenAddresses().map(String)

await connectOften(client, address ?? '', FIRST_CONNECTIONS)
globalThis.gc?.()

const before = oldBytes()

await connectOften(client, address ?? '', CONNECTIONS)
process.stdout.write(String(Math.round((oldBytes() - before) / CONNECTIONS)))
