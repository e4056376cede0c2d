import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { adoptByteStream, byteStreamPair, HIGH_WATER_BYTES, joinByteStreams, MEMORY_BUFFER_BYTES } from '../../../src/channel/bytes/index.ts'
import { eventually, turns } from '../../support/settle.ts'
import { until } from '../../support/until.ts'
import { socketPair } from './node-servers.ts'
import { failure, pattern, readPattern, writePattern } from './support.ts'
import type { ByteStream } from '../../../src/channel/contract/index.ts'
import type { Socket } from 'node:net'

interface Far {
  far: ByteStream
  joined: Promise<Error | undefined>
}

function connect (socket: Socket): Far {
  const adopted = adoptByteStream(socket)
  const [far, near] = byteStreamPair()

  if (adopted == null) {
    throw new Error('wanted it to be adopted')
  }

  return { far, joined: joinByteStreams(adopted.stream, near, adopted.direction) }
}

async function textFrom (socket: Socket): Promise<string> {
  return (await socket.setEncoding('utf8').toArray()).join('')
}

describe('an adopted TCP socket', () => {
  it('is copied both ways, to the last byte, and closes', async () => {
    await using sockets = await socketPair()
    const { far, joined } = connect(sockets.accepted)
    const { far: other, joined: otherJoined } = connect(sockets.client)

    void writePattern(far, 5_000_000)
    void writePattern(other, 4_000_000, 1_000_000)

    expect(await Promise.all([readPattern(far), readPattern(other)])).toEqual([4_000_000, 5_000_000])
    expect(await Promise.all([joined, otherJoined])).toEqual([undefined, undefined])
    await until(() => sockets.accepted.closed && sockets.client.closed)
  })

  it('goes on writing after the other side has ended, though Node would not', async () => {
    await using sockets = await socketPair()
    const { far, joined } = connect(sockets.accepted)

    sockets.client.end('request')
    expect(await far.text()).toBe('request')
    await turns(20)
    await far.end('answer')

    expect(await textFrom(sockets.client)).toBe('answer')
    expect(await joined).toBe(undefined)
  })

  it('shows the other side a reset, and not an end, when the stream is reset', async () => {
    await using sockets = await socketPair()
    const { far } = connect(sockets.accepted)
    const lost = once(sockets.client, 'error')

    sockets.client.resume()
    await far.write('half of it')
    far.reset('gone')

    expect((await lost)[0]).toMatchObject({ code: 'ECONNRESET' })
    expect(sockets.client.readableEnded).toBe(false)
  })

  it('passes on a reset of the other side as `failed`, with the message', async () => {
    await using sockets = await socketPair()
    const { far, joined } = connect(sockets.accepted)

    await once(sockets.client, 'connect')
    sockets.client.resetAndDestroy()

    expect(await failure(far.read())).toMatchObject({ code: 'StreamReset', reason: { code: 1, message: 'read ECONNRESET' } })
    expect(await joined).toMatchObject({ cause: { code: 'ECONNRESET' } })
  })

  it('is read no faster than the bytes are taken', async () => {
    await using sockets = await socketPair()
    const { far } = connect(sockets.accepted)
    const mine = HIGH_WATER_BYTES + MEMORY_BUFFER_BYTES + sockets.accepted.readableHighWaterMark + 65_536

    void writePattern(adopted(sockets.client), 50_000_000, 1_000_000).catch(() => {})
    await until(() => sockets.accepted.bytesRead > HIGH_WATER_BYTES + MEMORY_BUFFER_BYTES)
    await turns(200)

    expect(sockets.accepted.bytesRead).toBeLessThanOrEqual(mine)
    expect((await far.read())?.subarray(0, 9)).toEqual(pattern(9))
    far.reset()
  })

  it('takes no more bytes than it can send', async () => {
    await using sockets = await socketPair()
    const { far } = connect(sockets.accepted)
    let taken = 0
    let isStalled = false

    const writing = (async () => {
      for (;;) {
        await far.write(new Uint8Array(65_536))
        taken += 65_536
      }
    })()

    writing.catch(() => {})

    // what the system itself holds between two sockets is none of ours
    for (let before = -1; !isStalled; before = taken) {
      await turns(200)
      isStalled = taken === before
    }

    expect(taken - sockets.accepted.bytesWritten).toBeLessThanOrEqual(HIGH_WATER_BYTES + MEMORY_BUFFER_BYTES)
    expect(sockets.accepted.writableLength).toBeLessThanOrEqual(65_536 + sockets.accepted.writableHighWaterMark)
    far.reset()
    await failure(writing)
  })

  it('may be adopted while it connects', async () => {
    await using sockets = await socketPair()
    const { far, joined } = connect(sockets.client)

    void far.end('first words')
    expect(await textFrom(sockets.accepted)).toBe('first words')

    await joined
  })

  it('that cannot connect fails, with the reason', async () => {
    const { connect: dial } = await import('node:net')
    const { far } = connect(dial({ port: 1, host: '127.0.0.1' }))
    const error = await failure(far.read())

    expect(error).toMatchObject({ code: 'StreamReset', reason: { code: 1 } })
    expect(String(error)).toContain('ECONNREFUSED')
  })
})

describe('an adopted unix socket', () => {
  it('is copied both ways', async () => {
    const path = join(tmpdir(), `swarmd-bytes-${process.pid}.sock`)

    onTestFinished(async () => { await rm(path, { force: true }) })
    await using sockets = await socketPair(path)
    const { far, joined } = connect(sockets.accepted)

    sockets.client.end('request')
    expect(await far.text()).toBe('request')
    await far.end('answer')

    expect(await textFrom(sockets.client)).toBe('answer')
    expect(await joined).toBe(undefined)
  })

  it('is destroyed by a reset', async () => {
    const path = join(tmpdir(), `swarmd-bytes-reset-${process.pid}.sock`)

    onTestFinished(async () => { await rm(path, { force: true }) })
    await using sockets = await socketPair(path)
    const { far } = connect(sockets.accepted)

    far.reset('gone')
    await eventually(() => sockets.accepted.destroyed)

    expect(sockets.accepted.errored).toMatchObject({ code: 'StreamReset' })
  })
})

function adopted (socket: Socket): ByteStream {
  const { stream } = adoptByteStream(socket) ?? {}

  if (stream == null) {
    throw new Error('wanted it to be adopted')
  }

  return stream
}
