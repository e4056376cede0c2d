import { spawn } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { createSwarm, generateIdentity } from '../../../src/index.ts'
import { eventually } from '../../support/settle.ts'
import type { Connection, Swarm, SwarmInit } from '../../../src/index.ts'
import type { AddressInfo, Socket } from 'node:net'

const MIB = 1024 * 1024

const open: Swarm[] = []

async function swarm (init: SwarmInit = {}): Promise<Swarm> {
  const made = await createSwarm(init)

  open.push(made)

  return made
}

afterEach(async () => {
  await Promise.all(open.splice(0).map(async (made) => made.close()))
})

function echo (server: Swarm): void {
  server.handle('/echo/1.0.0', async (stream) => { await stream.pipeTo(stream) })
}

async function roundTrip (connection: Connection, text: string): Promise<string> {
  await using stream = await connection.newStream('/echo/1.0.0')

  await stream.end(text)

  return await stream.text()
}

async function inBatches<T> (count: number, size: number, fn: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = []

  for (let from = 0; from < count; from += size) {
    results.push(...await Promise.all(Array.from({ length: Math.min(size, count - from) }, async (_, index) => fn(from + index))))
  }

  return results
}

describe('a swarm under load', () => {
  it('keeps 1,000 connections from 1,000 peers, and serves each', async () => {
    const server = await swarm({ listen: ['/ip4/127.0.0.1/tcp/0'] })
    const [address] = server.interfaceListenAddresses()

    echo(server)

    const connections = await inBatches(1_000, 50, async () => {
      const client = await swarm()

      return client.dial(address?.toString() ?? '')
    })

    await eventually(() => server.connections().length === 1_000)
    expect(await inBatches(1_000, 100, async (index) => roundTrip(connections[index] as Connection, `${index}`))).toEqual(Array.from({ length: 1_000 }, (_, index) => `${index}`))
    expect(connections.every(({ status }) => status === 'open')).toBe(true)
  }, 120_000)

  it('opens and closes 10,000 streams one after the other on one connection, and keeps none', async () => {
    const server = await swarm({ listen: ['/ip4/127.0.0.1/tcp/0'] })
    const client = await swarm()

    echo(server)

    const connection = await client.dial(server.interfaceListenAddresses())

    for (let index = 0; index < 10_000; index++) {
      expect(await roundTrip(connection, 'hello')).toBe('hello')
    }

    await eventually(() => server.stat().streams.inbound === 0)
    expect(connection.streams).toHaveLength(0)
    expect(client.stat().streams).toEqual({ inbound: 0, outbound: 0 })
  }, 120_000)

  it('serves 1,000 streams at once on one connection', async () => {
    const server = await swarm({ listen: ['/ip4/127.0.0.1/tcp/0'] })
    const client = await swarm()
    const gate = Promise.withResolvers<void>()
    let most = 0

    server.handle('/gate/1.0.0', async (stream) => {
      most = Math.max(most, server.stat().streams.inbound)

      if (most === 1_000) {
        gate.resolve()
      }

      await gate.promise
      await stream.end('through')
    })

    const connection = await client.dial(server.interfaceListenAddresses())
    const answers = await Promise.all(Array.from({ length: 1_000 }, async () => {
      await using stream = await connection.newStream('/gate/1.0.0')

      return await stream.text()
    }))

    expect(answers).toEqual(Array.from({ length: 1_000 }, () => 'through'))
    expect(most).toBe(1_000)
  }, 60_000)
})

/** Accepts everything and says nothing. */
class SilentServer implements AsyncDisposable {
  readonly #sockets = new Set<Socket>()
  readonly #server = createServer((socket) => {
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => { this.#sockets.delete(socket) })
  })

  async listen (): Promise<number> {
    this.#server.listen(0, '0.0.0.0')
    await once(this.#server, 'listening')

    return (this.#server.address() as AddressInfo).port
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    this.#sockets.forEach((socket) => { socket.destroy() })
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** Counts the client sockets of this process that are open at once. */
class SocketCount implements Disposable {
  made = 0
  most = 0
  readonly #open = new Set<Socket>()
  readonly #onSocket = (message: unknown): void => {
    const { socket } = message as { socket: Socket }

    this.made++
    this.#open.add(socket)

    for (const known of this.#open) {
      if (known.destroyed) {
        this.#open.delete(known)
      }
    }

    this.most = Math.max(this.most, this.#open.size)
  }

  constructor () {
    subscribe('net.client.socket', this.#onSocket)
  }

  [Symbol.dispose] (): void {
    unsubscribe('net.client.socket', this.#onSocket)
  }
}

describe('dials into the void', () => {
  it('hold at most 160 sockets, whatever the number of peers', async () => {
    await using server = new SilentServer()
    const port = await server.listen()
    const client = await swarm({ dial: { localAddressTimeoutMs: 500 } })
    const peers = await Promise.all(Array.from({ length: 200 }, async () => (await generateIdentity()).peerId))

    using sockets = new SocketCount()
    const outcomes = await Promise.allSettled(peers.map(async (peer, index) => client.dial(`/ip4/127.0.1.${index + 1}/tcp/${port}/p2p/${peer.toString()}`)))

    expect(outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.code)).toEqual(Array.from({ length: 200 }, () => 'AllDialsFailed'))
    expect(sockets.made).toBe(200)
    expect(sockets.most).toBe(160)
    expect(client.stat().dials).toEqual({ active: 0, waiting: 0 })
  }, 30_000)

  it('hold at most 8 sockets to one peer, whatever the number of its addresses', async () => {
    await using server = new SilentServer()
    const port = await server.listen()
    const client = await swarm({ dial: { localAddressTimeoutMs: 300 } })
    const { peerId } = await generateIdentity()
    const addresses = Array.from({ length: 40 }, (_, index) => `/ip4/127.0.2.${index + 1}/tcp/${port}/p2p/${peerId.toString()}`)

    using sockets = new SocketCount()

    await expect(client.dial(addresses)).rejects.toMatchObject({ code: 'AllDialsFailed', skipped: 24 })
    expect(sockets.made).toBe(40)
    expect(sockets.most).toBe(8)
  }, 30_000)
})

describe('a reader that stops reading', () => {
  it('costs both sides a bounded number of bytes', async () => {
    const server = await swarm({ listen: ['/ip4/127.0.0.1/tcp/0'] })
    const client = await swarm()
    let sent = 0

    server.handle('/bulk/1.0.0', async (stream) => {
      for (;;) {
        await stream.write(new Uint8Array(64 * 1024))
        sent += 64 * 1024
      }
    })

    const connection = await client.dial(server.interfaceListenAddresses())
    const before = process.memoryUsage().arrayBuffers
    const stream = await connection.newStream('/bulk/1.0.0')

    await stream.read()

    let settledAt = -1

    // until the writer has stood still for many turns
    for (let still = 0; still < 2_000; still = sent === settledAt ? still + 1 : 0) {
      settledAt = sent
      await new Promise<void>((resolve) => { setImmediate(resolve) })
    }

    const held = process.memoryUsage().arrayBuffers - before

    process.stdout.write(`a stalled reader: ${(sent / MIB).toFixed(1)} MiB sent, ${(stream.stat().bytesBuffered / 1024).toFixed(0)} KiB unread in the stream, ${(held / MIB).toFixed(1)} MiB of buffers in both swarms\n`)
    expect(sent).toBeLessThan(24 * MIB)
    expect(held).toBeLessThan(48 * MIB)
    stream.reset()
  }, 30_000)
})

describe('a peer whose process is killed', () => {
  it('is a lost connection to its reader, and never the end of the stream', async () => {
    const child = spawn(process.execPath, [fileURLToPath(new URL('../../support/bulk-node.ts', import.meta.url))], { stdio: ['ignore', 'pipe', 'inherit'] })
    const exited = once(child, 'exit')
    const [line] = await once(child.stdout, 'data')
    const client = await swarm()
    const connection = await client.dial(String(line).trim())
    const stream = await connection.newStream('/bulk/1.0.0')
    let read = 0

    const reading = (async () => {
      for await (const chunk of stream) {
        read += chunk.byteLength

        if (read > 4 * MIB) {
          child.kill('SIGKILL')
        }
      }
    })()

    await expect(reading).rejects.toMatchObject({ code: 'ConnectionLost' })
    expect(await connection.closed).toMatchObject({ code: 'lost', by: 'remote' })
    expect(read).toBeGreaterThan(4 * MIB)
    await exited
  }, 30_000)
})
