import { describe, expect, it } from 'vitest'
import { connectOver } from '../../src/channel/connect-over.ts'
import { connect, listen, memoryProviders } from '../../src/channel/index.ts'
import { SCHEMES } from '../../src/channel/schemes.ts'
import { failure } from './failure.ts'
import type { ChannelTransport } from '../../src/channel/index.ts'

const ALL = 'memory: unix: tcp: tls: ws: wss: http2: https2: spdy: spdys:'

describe('connect', () => {
  it.each([
    ['no URL', '127.0.0.1', `an address must be a URL, of one of the schemes ${ALL}, received "127.0.0.1"`],
    ['a scheme that there is not', 'gopher://a', `there are no channels over gopher: There are ${ALL}, received gopher://a`],
    ['http', 'http://a', 'there are no channels over http:: did you mean ws: or http2:? There are'],
    ['a host and a port alone', 'localhost:9323', 'there are no channels over localhost: There are'],
    ['what every object has', 'constructor:a', 'there are no channels over constructor:']
  ])('refuses %s, and names the schemes there are', async (_, url, why) => {
    for (const wanted of [connect(url), listen(url, () => {})]) {
      expect(await failure(wanted)).toMatchObject({ code: 'InvalidAddress', message: expect.stringContaining(why) })
    }
  })

  it.each(Object.keys(SCHEMES))('knows who connects over %s:', async (scheme) => {
    const transport = await SCHEMES[scheme]?.()

    expect(transport?.schemes).toContain(scheme)
  })

  it('takes a URL as an object', async () => {
    await using listener = await listen(new URL('memory:objects'), () => {})
    await using session = await connect(new URL('memory://objects'))

    expect(session.remoteAddress).toBe(listener.url)
  })

  it('is given up with the signal before anything happens', async () => {
    const reason = new Error('never mind')

    expect(await failure(connect('tcp://127.0.0.1:1', { signal: AbortSignal.abort(reason) }))).toBe(reason)
    expect(await failure(connect('memory:none', { signal: AbortSignal.abort(reason) }))).toBe(reason)
  })

  it('keeps no session that comes after the signal', async () => {
    const controller = new AbortController()
    const reason = new Error('never mind')
    const [provider, other] = memoryProviders()
    const late: ChannelTransport = {
      schemes: ['late'],
      connect: async () => {
        controller.abort(reason)
        return provider
      },
      listen: async () => { throw new Error('not here') }
    }

    const error = await failure(connectOver({ late: async () => late }, 'late:a', { signal: controller.signal }))

    expect(error).toBe(reason)
    expect(() => other.open({})).toThrow(/abort/)
  })

  it('passes on what it was given, and its defaults', async () => {
    const seen: unknown[] = []
    const spy: ChannelTransport = {
      schemes: ['spy'],
      connect: async (url, options) => {
        seen.push(url.href, options)
        throw new Error('enough')
      },
      listen: async () => { throw new Error('not here') }
    }

    await failure(connectOver({ spy: async () => spy }, 'spy:a', { headers: { a: 'b' }, tls: { servername: 'c' }, limits: { maxDepth: 5 }, keepAliveTimeoutMs: Infinity }))

    expect(seen).toMatchObject(['spy:a', {
      headers: { a: 'b' },
      tls: { servername: 'c' },
      limits: { maxDepth: 5, maxReferences: 256 },
      handshakeTimeoutMs: 10_000,
      keepAliveIntervalMs: 30_000,
      keepAliveTimeoutMs: Infinity,
      server: undefined
    }])
  })

  it('in memory says that nobody listens, and that somebody does', async () => {
    await using listener = await listen('memory:taken', () => {})

    expect(await failure(connect('memory:nobody'))).toMatchObject({ code: 'ConnectFailed', message: 'cannot connect to memory:nobody: nobody listens there in this process' })
    expect(await failure(listen(listener.url, () => {}))).toMatchObject({ code: 'ListenFailed', message: 'cannot listen on memory:taken: somebody else in this process does' })
  })
})
