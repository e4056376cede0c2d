import { generateKeyPair } from '@libp2p/crypto/keys'
import { multiaddrConnectionPair } from '@libp2p/utils'
import { describe, expect, it } from 'vitest'
import { eventually } from '../support/settle.ts'
import { link } from '../support/yamux-link.ts'
import { party, pattern, record, secure, trySecure } from './scene.ts'
import type { MessageStream } from '@libp2p/interface'

const SIDES = [
  ['we dial', 'ours', 'npm'],
  ['it dials', 'npm', 'ours']
] as const

/** Sends these sizes, one after the other, and resolves when all have arrived as they were. */
async function transfer (from: MessageStream, to: MessageStream, sizes: number[]): Promise<void> {
  const texts = sizes.map((size, i) => pattern(size, i + 1))
  const arrived: Uint8Array[] = []
  let missing = sizes.reduce((sum, size) => sum + size, 0)

  to.addEventListener('message', ({ data }) => {
    arrived.push(data.slice())
    missing -= data.byteLength
  })

  for (const text of texts) {
    if (!from.send(text)) {
      await from.onDrain()
    }
  }

  await eventually(() => missing === 0)
  expect(Buffer.compare(Buffer.concat(arrived), Buffer.concat(texts))).toBe(0)
}

describe.each(SIDES)('with @libp2p/noise, when %s,', (_, dialler, listener) => {
  it('each side learns who the other is, and what it has', async () => {
    const near = await party({ by: dialler, muxers: ['/a', '/b'], extensions: { webtransportCerthashes: [Uint8Array.of(1, 2)] } })
    const far = await party({ by: listener, muxers: ['/b'] })
    const [dialled, listened] = await secure(near, far)

    expect([String(dialled.remotePeer), String(listened.remotePeer)]).toEqual([String(far.peerId), String(near.peerId)])
    expect([dialled.streamMuxer?.protocol, listened.streamMuxer?.protocol]).toEqual(['/b', '/b'])
    expect(listened.remoteExtensions).toEqual({ webtransportCerthashes: [Uint8Array.of(1, 2)], streamMuxers: ['/a', '/b'] })
  })

  it.each(['RSA', 'secp256k1'] as const)('identities of type %s are proven', async (type) => {
    const near = await party({ by: dialler, privateKey: await generateKeyPair(type) })
    const far = await party({ by: listener, privateKey: await generateKeyPair(type) })
    const [dialled, listened] = await secure(near, far)

    expect([String(dialled.remotePeer), String(listened.remotePeer)]).toEqual([String(far.peerId), String(near.peerId)])
  })

  it.each([[undefined], [1], [1000], [65_536]])('bytes of every size go both ways, in pieces of %s', async (pieceBytes) => {
    const [{ connection: near }, { connection: far }] = await secure(await party({ by: dialler }), await party({ by: listener }), link(pieceBytes == null ? {} : { pieceBytes }))
    const sizes = pieceBytes === 1 ? [1, 600, 1300, 5000] : [1, 512, 513, 1199, 1200, 65_519, 65_520, 300_000, 7]

    await transfer(near, far, sizes)
    await transfer(far, near, sizes)
  })

  it('bulk goes over a connection that saturates', async () => {
    const [{ connection: near }, { connection: far }] = await secure(await party({ by: dialler }), await party({ by: listener }), multiaddrConnectionPair() as never)

    await transfer(near, far, Array.from({ length: 60 }, () => 65_507))
  })

  it('a static key and a prologue mean the same', async () => {
    const init = { prologueBytes: Uint8Array.of(1, 2, 3), staticNoiseKey: new Uint8Array(32).fill(9) }
    const secured = await secure(await party({ by: dialler, ...init }), await party({ by: listener, ...init }))

    expect(secured).toHaveLength(2)
    expect((await trySecure(await party({ by: dialler, ...init }), await party({ by: listener })))[0].status).toBe('rejected')
  })

  it('the end of one is the end of the other', async () => {
    const near = await party({ by: dialler })
    const far = await party({ by: listener })
    const [[closing, closed], [aborting, aborted]] = [await secure(near, far), await secure(near, far)]
    const told = [record(closed.connection), record(aborted.connection)]

    await closing.connection.close()
    aborting.connection.abort(new Error('enough'))

    expect(told[0]?.at(-1)).toBe('close')
    expect(told[1]?.at(-1)).toMatch(/^reset /)
  })
})
