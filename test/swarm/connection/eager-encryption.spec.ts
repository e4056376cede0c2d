import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createSwarm, generateIdentity, noise, tls } from '../../../src/index.ts'
import { greeting } from '../../../src/swarm/stream/multistream.ts'
import type { Identity, Swarm, SwarmInit } from '../../../src/index.ts'
import type { AddressInfo, Server, Socket } from 'node:net'

const NOISE = Buffer.from(greeting('/noise'))
const FIRST_MESSAGE_BYTES = 34

const BOTH: SwarmInit['connectionEncrypters'] = [noise(), tls()]

const resources: Array<() => unknown> = []

afterEach(async () => {
  for (const release of resources.splice(0).toReversed()) {
    await release()
  }
})

async function swarm (init: SwarmInit): Promise<Swarm> {
  const made = await createSwarm(init)

  resources.push(() => made.close())

  return made
}

async function listen (server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  resources.push(() => { server.close() })

  return (server.address() as AddressInfo).port
}

/** Somebody who says nothing by himself. */
async function stranger (): Promise<{ address: string, socket: Promise<Socket> }> {
  const server = createServer()
  const socket = once(server, 'connection').then(([accepted]) => accepted as Socket)
  const port = await listen(server)

  resources.push(async () => { (await socket).destroy() })

  return { address: `/ip4/127.0.0.1/tcp/${port}`, socket }
}

/** A way to `port`, and what was first said on each connection, by who dialled and by who answered. */
async function way (port: number): Promise<{ port: number, said: Array<{ dialler: Buffer, answerer: Buffer }> }> {
  const said: Array<{ dialler: Buffer, answerer: Buffer }> = []
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')

    void Promise.all([once(near, 'data'), once(far, 'data')]).then(([[dialler], [answerer]]) => { said.push({ dialler, answerer }) })
    near.pipe(far).pipe(near)
    near.on('error', () => {})
    far.on('error', () => {})
  })

  return { port: await listen(server), said }
}

async function answerer (identity: Identity, connectionEncrypters: SwarmInit['connectionEncrypters'], port = 0): Promise<{ port: number, swarm: Swarm }> {
  const made = await swarm({ identity, connectionEncrypters, listen: [`/ip4/127.0.0.1/tcp/${port}`] })

  return { swarm: made, port: Number(/tcp\/(\d+)/.exec(String(made.interfaceListenAddresses()[0]))?.[1]) }
}

describe('a dialler that agrees on encryption', () => {
  it('sends the first message of Noise together with its proposal, if it has nothing else (rule 15)', async () => {
    const dialler = await swarm({ connectionEncrypters: [noise()] })
    const { address, socket } = await stranger()
    const dialling = dialler.dial(address).catch((error: unknown) => error)
    const [said] = await once(await socket, 'data') as [Buffer]

    expect(said.subarray(0, NOISE.byteLength)).toEqual(NOISE)
    expect(said.byteLength).toBe(NOISE.byteLength + FIRST_MESSAGE_BYTES)

    ;(await socket).destroy()
    expect(await dialling).toMatchObject({ code: 'AllDialsFailed' })
  })

  it('waits for the answer of a stranger, if it has several encrypters (rule 16)', async () => {
    const dialler = await swarm({ connectionEncrypters: BOTH })
    const { address, socket } = await stranger()
    const dialling = dialler.dial(address).catch((error: unknown) => error)
    const [proposal] = await once(await socket, 'data') as [Buffer]

    ;(await socket).write(NOISE)

    const [message] = await once(await socket, 'data') as [Buffer]

    expect(proposal).toEqual(NOISE)
    expect(message.byteLength).toBe(FIRST_MESSAGE_BYTES)

    ;(await socket).destroy()
    expect(await dialling).toMatchObject({ code: 'AllDialsFailed' })
  })

  it('asks no peer again that has taken what it likes best, and that answers in one write (rules 16 and 17)', async () => {
    const identity = await generateIdentity()
    const { port, said } = await way((await answerer(identity, BOTH)).port)
    const dialler = await swarm({ connectionEncrypters: BOTH })
    const address = `/ip4/127.0.0.1/tcp/${port}/p2p/${String(identity.peerId)}`

    for (let i = 0; i < 2; i++) {
      await (await dialler.dial(address)).close()
    }

    const [first, second] = said

    expect(first).toEqual({ dialler: NOISE, answerer: NOISE })
    expect(second?.dialler.byteLength).toBe(NOISE.byteLength + FIRST_MESSAGE_BYTES)
    expect(second?.answerer.subarray(0, NOISE.byteLength)).toEqual(NOISE)
    expect(second?.answerer.byteLength).toBeGreaterThan(NOISE.byteLength)
  })

  it('asks a peer first again that no longer takes it (rule 16)', async () => {
    const identity = await generateIdentity()
    const before = await answerer(identity, BOTH)
    const dialler = await swarm({ connectionEncrypters: BOTH })
    const address = `/ip4/127.0.0.1/tcp/${before.port}/p2p/${String(identity.peerId)}`

    await (await dialler.dial(address)).close()
    await before.swarm.close()
    await answerer(identity, [tls()], before.port)

    await expect(dialler.dial(address)).rejects.toMatchObject({
      code: 'AllDialsFailed',
      errors: [{ cause: { phase: 'encrypt', cause: { code: 'UnsupportedProtocol' } } }]
    })
    expect(await dialler.dial(address, { force: true })).toMatchObject({ encryption: '/tls/1.0.0' })
  })
})
