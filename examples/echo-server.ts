// An echo server: prints its address, and sends back whatever comes. Stop it with Ctrl-C.
import { createSwarm } from '../src/index.ts'

const swarm = await createSwarm({ listen: ['/ip4/127.0.0.1/tcp/0'] })
swarm.handle('/echo/1.0.0', async (stream) => { await stream.pipeTo(stream) })
process.stdout.write(`${swarm.interfaceListenAddresses().join('\n')}\n`)
