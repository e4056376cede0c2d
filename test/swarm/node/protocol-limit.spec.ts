import { expect, it } from 'vitest'
import { createSwarm } from '../../../src/index.ts'

it('lets a handler allow more streams of its protocol than the swarm does by default', async () => {
  await using server = await createSwarm({ listen: ['/ip4/127.0.0.1/tcp/0'], limits: { maxInboundStreamsPerProtocol: 1 } })
  await using client = await createSwarm()

  server.handle('/held/1.0.0', async (stream) => { await stream.write('here') }, { maxInboundStreams: 3 })

  const connection = await client.dial(server.interfaceListenAddresses())
  const streams = await Promise.all([1, 2, 3].map(async () => connection.newStream('/held/1.0.0')))

  expect(await Promise.all(streams.map(async (stream) => new TextDecoder().decode(await stream.read() ?? undefined)))).toEqual(['here', 'here', 'here'])

  const fourth = await connection.newStream('/held/1.0.0')

  await expect(fourth.read()).rejects.toMatchObject({ code: 'StreamReset' })
})
