import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createSwarm, generateIdentity, noise, tls } from '../../../src/index.ts'
import { greeting } from '../../../src/swarm/stream/multistream.ts'
import { tcpServer } from '../../support/tcp-server.ts'
import type { Identity, SwarmInit } from '../../../src/index.ts'
import type { TcpServer } from '../../support/tcp-server.ts'

const NOISE = Buffer.from(greeting('/noise'))
const FIRST_MESSAGE_BYTES = 34

const BOTH: SwarmInit['connectionEncrypters'] = [noise(), tls()]

/** A way to `port`, and what was first said on each connection, by who dialled and by who answered. */
async function way (port: number): Promise<{ server: TcpServer, said: Array<{ dialler: Buffer, answerer: Buffer }> }> {
  const said: Array<{ dialler: Buffer, answerer: Buffer }> = []
  const server = await tcpServer((near) => {
    const far = connect(port, '127.0.0.1')

    void Promise.all([once(near, 'data'), once(far, 'data')]).then(([[dialler], [answerer]]) => { said.push({ dialler, answerer }) })
    near.pipe(far).pipe(near)
    far.on('error', () => {})
  })

  return { server, said }
}

/** As what `tcpServer` gives, with the port alone. */
async function answerer (identity: Identity, connectionEncrypters: SwarmInit['connectionEncrypters'], port = 0): Promise<{ port: number } & AsyncDisposable> {
  const swarm = await createSwarm({ identity, connectionEncrypters, listen: [`/ip4/127.0.0.1/tcp/${port}`] })

  return {
    port: portOf(String(swarm.interfaceListenAddresses()[0])),
    [Symbol.asyncDispose]: () => swarm.close()
  }
}

function portOf (address: string): number {
  return Number(/tcp\/(\d+)/.exec(address)?.[1])
}

describe('a dialler that agrees on encryption', () => {
  it('sends the first message of Noise together with its proposal, if it has nothing else (rule 15)', async () => {
    await using dialler = await createSwarm({ connectionEncrypters: [noise()] })
    await using stranger = await tcpServer()
    const accepted = stranger.accepted()
    const dialling = dialler.dial(stranger.address).catch((error: unknown) => error)
    const socket = await accepted
    const [said] = await once(socket, 'data') as [Buffer]

    expect(said.subarray(0, NOISE.byteLength)).toEqual(NOISE)
    expect(said.byteLength).toBe(NOISE.byteLength + FIRST_MESSAGE_BYTES)

    socket.destroy()
    expect(await dialling).toMatchObject({ code: 'AllDialsFailed' })
  })

  it('waits for the answer of a stranger, if it has several encrypters (rule 16)', async () => {
    await using dialler = await createSwarm({ connectionEncrypters: BOTH })
    await using stranger = await tcpServer()
    const accepted = stranger.accepted()
    const dialling = dialler.dial(stranger.address).catch((error: unknown) => error)
    const socket = await accepted
    const [proposal] = await once(socket, 'data') as [Buffer]

    socket.write(NOISE)

    const [message] = await once(socket, 'data') as [Buffer]

    expect(proposal).toEqual(NOISE)
    expect(message.byteLength).toBe(FIRST_MESSAGE_BYTES)

    socket.destroy()
    expect(await dialling).toMatchObject({ code: 'AllDialsFailed' })
  })

  it('asks no peer again that has taken what it likes best, and that answers in one write (rules 16 and 17)', async () => {
    const identity = await generateIdentity()
    await using far = await answerer(identity, BOTH)
    const { server, said } = await way(far.port)
    await using between = server
    await using dialler = await createSwarm({ connectionEncrypters: BOTH })
    const address = `${between.address}/p2p/${String(identity.peerId)}`

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
    await using dialler = await createSwarm({ connectionEncrypters: BOTH })
    const address = `/ip4/127.0.0.1/tcp/${before.port}/p2p/${String(identity.peerId)}`

    await (await dialler.dial(address)).close()
    await before[Symbol.asyncDispose]()
    await using after = await answerer(identity, [tls()], before.port)

    await expect(dialler.dial(address)).rejects.toMatchObject({
      code: 'AllDialsFailed',
      errors: [{ cause: { phase: 'encrypt', cause: { code: 'UnsupportedProtocol' } } }]
    })
    expect(after.port).toBe(before.port)
    expect(await dialler.dial(address, { force: true })).toMatchObject({ encryption: '/tls/1.0.0' })
  })
})
