import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { socketOf } from '../../src/tcp/index.ts'
import { until } from '../support/until.ts'
import { connected } from '../tcp/fixtures.ts'
import { party } from './scene.ts'
import type { MessageStream } from '@libp2p/interface'
import type { Socket } from 'node:net'

const MIB = 1024 * 1024

interface Scene {
  near: MessageStream
  far: MessageStream
  /** Beneath `near` and `far`. */
  sockets: { near: Socket, far: Socket }
  transports: { far: MessageStream }
}

/** An encrypted connection over TCP, both ends ours. */
async function encrypted (ends: Awaited<ReturnType<typeof connected>>): Promise<Scene> {
  const [dialer, listener] = [await party(), await party()]
  const [near, far] = await Promise.all([dialer.encrypter.secureOutbound(ends.dialled), listener.encrypter.secureInbound(ends.accepted)])
  const sockets = { near: socketOf(ends.dialled), far: socketOf(ends.accepted) }

  if (sockets.near == null || sockets.far == null) {
    throw new TypeError('the connections have no sockets')
  }

  return { near: near.connection, far: far.connection, sockets: sockets as Scene['sockets'], transports: { far: ends.accepted } }
}

/** The chunks that a socket reads, as they came. */
function chunksOf (socket: Socket): Uint8Array[] {
  const chunks: Uint8Array[] = []

  socket.prependListener('data', (chunk: Uint8Array) => { chunks.push(chunk) })

  return chunks
}

async function transfer ({ near, far }: Scene, data: Uint8Array): Promise<string> {
  const hash = createHash('sha256')
  let received = 0

  far.addEventListener('message', ({ data: text }) => {
    received += text.byteLength
    hash.update(text.subarray())
  })
  near.send(data)
  await until(() => received === data.byteLength)

  return hash.digest('hex')
}

describe('the memory of an encrypted connection over TCP', () => {
  it('is freed on either side when it has been used, and what was sent arrives', async () => {
    await using ends = await connected()
    const scene = await encrypted(ends)
    const chunks = chunksOf(scene.sockets.far)
    const data = randomBytes(4 * MIB)

    expect(await transfer(scene, data)).toBe(createHash('sha256').update(data).digest('hex'))
    expect(chunks.filter(({ byteLength }) => byteLength >= 4096)).toEqual([])
    expect(chunks.length).toBeGreaterThan(10)
  })

  it('is left alone where somebody else listens too', async () => {
    await using ends = await connected()
    const scene = await encrypted(ends)
    const chunks = chunksOf(scene.sockets.far)
    const data = randomBytes(MIB)

    scene.transports.far.addEventListener('message', () => {})

    expect(await transfer(scene, data)).toBe(createHash('sha256').update(data).digest('hex'))
    expect(chunks.reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeGreaterThan(MIB)
  })

  it('is not that of what was given to be sent', async () => {
    await using ends = await connected()
    const scene = await encrypted(ends)
    const data = randomBytes(MIB)
    const copy = Buffer.from(data)

    await transfer(scene, data)

    expect(data.equals(copy)).toBe(true)
  })
})
