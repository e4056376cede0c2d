import { createSwarm } from '../../src/index.ts'

/** A process of its own that sends bytes without end to whoever opens /bulk/1.0.0. It says where it is, on stdout. */
const swarm = await createSwarm({ listen: ['/ip4/127.0.0.1/tcp/0'] })

swarm.handle('/bulk/1.0.0', async (stream) => {
  const chunk = new Uint8Array(64 * 1024)

  for (;;) {
    await stream.write(chunk)
  }
})

process.stdout.write(`${swarm.interfaceListenAddresses().join(' ')}\n`)
