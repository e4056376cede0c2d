import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { LISTEN_TIMEOUT_MS, LISTENER_CLOSE_TIMEOUT_MS, ListenError } from '../../../src/swarm/listen/index.ts'
import { settle } from '../../support/fake-clock.ts'
import { addrs, listenerSet, scriptedTransport, texts } from './fixtures.ts'
import type { OrderedTransport } from '../../../src/swarm/listen/index.ts'

const A = '/memory/a'
const B = '/memory/b'
const RELAYED = '/ip4/192.0.2.7/tcp/1/p2p-circuit'

const never = async (): Promise<void> => { await new Promise<void>(() => {}) }

describe('ListenerSet', () => {
  it('makes nothing of no addresses', async () => {
    await using test = listenerSet([])

    await expect(test.set.listen([])).resolves.toEqual({ listening: [], failures: [] })
  })

  it('tries all addresses at once', async () => {
    const transport = scriptedTransport((listener, index) => {
      // the first begins when the second is asked to
      listener.onListen = async (address) => {
        if (index === 0) {
          await second.promise
        } else {
          second.resolve()
        }

        listener.addresses = [address]
      }
    })
    const second = Promise.withResolvers<void>()
    await using test = listenerSet([transport])

    const { listening } = await test.set.listen(addrs(A, B))

    expect(texts(listening)).toEqual([A, B])
  })

  it('listens through relays after it listens on sockets', async () => {
    const order: string[] = []
    const transport = scriptedTransport((listener) => {
      listener.onListen = async (address) => {
        order.push(`${address.toString()} begins`)
        await settle()
        order.push(`${address.toString()} works`)
        listener.addresses = [address]
      }
    })
    await using test = listenerSet([transport])

    await test.set.listen(addrs(RELAYED, A, '/webrtc'))

    expect(order).toEqual([`${A} begins`, `${A} works`, `${RELAYED} begins`, '/webrtc begins', `${RELAYED} works`, '/webrtc works'])
  })

  it('listens with a transport of a lower order first', async () => {
    const begun: string[] = []
    const late: OrderedTransport = {
      ...scriptedTransport((listener) => { listener.onListen = async () => { begun.push('late') } }),
      listenOrder: 5,
      listenFilter: (addresses) => addresses.filter((address) => address.toString() === A)
    }
    const early = scriptedTransport((listener) => { listener.onListen = async () => { begun.push('early') } })
    await using test = listenerSet([late, early])

    await test.set.listen(addrs(A, B))

    expect(begun).toEqual(['early', 'late'])
  })

  it('makes failures of what a transport throws, wherever it throws', async () => {
    const rejects = scriptedTransport((listener) => { listener.onListen = async () => { throw new Error('rejected') } })
    const throws = { ...scriptedTransport(), createListener: () => { throw new Error('thrown') } }

    for (const [transport, why] of [[rejects, 'rejected'], [throws, 'thrown']] as const) {
      await using test = listenerSet([transport])

      await expect(test.set.listen(addrs(A))).rejects.toThrow(`${A}: ${why}`)
    }

    await using broken = listenerSet([], {
      transportForListening: () => {
        AbortSignal.abort('not an error').throwIfAborted()

        return undefined
      }
    })
    const error = await broken.set.listen(addrs(A)).catch((error: unknown) => error)

    expect(error).toBeInstanceOf(ListenError)
    expect(error).toMatchObject({ failures: [{ why: 'not an error', error: { code: 'ListenFailed', cause: 'not an error' } }] })
  })

  it('closes a listener whose listen failed only if it holds an address all the same', async () => {
    const transport = scriptedTransport((listener, index) => {
      listener.onListen = async (address) => {
        listener.addresses = index === 0 ? [address] : []
        throw new Error('half')
      }
    })
    await using test = listenerSet([transport])

    await expect(test.set.listen(addrs(A, B))).rejects.toThrow(ListenError)
    await test.set.close()

    expect(transport.made.map(({ closes }) => closes)).toEqual([1, 0])
  })

  it('may try an address again that failed', async () => {
    const transport = scriptedTransport((listener, index) => {
      if (index === 0) {
        listener.onListen = async () => { throw new Error('not yet') }
      }
    })
    await using test = listenerSet([transport])

    await expect(test.set.listen(addrs(A))).rejects.toThrow('not yet')

    expect(texts((await test.set.listen(addrs(A))).listening)).toEqual([A])
  })

  it('gives up an address that does not begin in time, and closes what begins too late', async () => {
    const late = Promise.withResolvers<void>()
    const transport = scriptedTransport((listener) => { listener.onListen = async () => { await late.promise } })
    await using test = listenerSet([transport])
    const refused = expect(test.set.listen(addrs(A))).rejects.toThrow(`${A}: it did not begin to listen within ${LISTEN_TIMEOUT_MS} ms`)

    await test.clock.advance(LISTEN_TIMEOUT_MS)
    await refused
    expect(transport.made[0]?.closes).toBe(0)

    late.resolve()
    await settle()
    expect(transport.made[0]?.closes).toBe(1)
    expect(test.told).toEqual([])
  })

  it('rejects with the reason of its signal, and keeps no address of that call', async () => {
    const transport = scriptedTransport((listener, index) => {
      if (index === 2) {
        listener.onListen = never
      }
    })
    await using test = listenerSet([transport])
    const controller = new AbortController()
    const reason = new Error('changed my mind')

    await test.set.listen(addrs(A))
    const pending = test.set.listen(addrs(B, '/memory/c'), { signal: controller.signal })

    await settle()
    expect(texts(test.set.addresses())).toEqual([A, B])
    controller.abort(reason)

    await expect(pending).rejects.toBe(reason)
    expect(texts(test.set.addresses())).toEqual([A])
    expect(test.told).toEqual([`listen ${A}`, `listen ${B}`, `listenClose ${B}`])
    await expect(test.set.listen(addrs('/memory/d'), { signal: controller.signal })).rejects.toBe(reason)
    expect(transport.made).toHaveLength(3)
    await test.clock.advance(LISTENER_CLOSE_TIMEOUT_MS)
  })

  it('does not begin with what comes later when its signal has aborted', async () => {
    const transport = scriptedTransport((listener) => { listener.onListen = async () => { controller.abort() } })
    const controller = new AbortController()
    await using test = listenerSet([transport])

    await expect(test.set.listen(addrs(A, RELAYED), { signal: controller.signal })).rejects.toBe(controller.signal.reason)

    expect(transport.made).toHaveLength(1)
  })

  it('stops an address that is removed before it begins', async () => {
    const late = Promise.withResolvers<void>()
    const transport = scriptedTransport((listener) => { listener.onListen = async () => { await late.promise } })
    await using test = listenerSet([transport])
    const refused = expect(test.set.listen(addrs(A))).rejects.toThrow(`${A}: it was removed before it began to listen`)
    const removed = test.set.remove(multiaddr(A))

    late.resolve()
    await refused

    expect(await removed).toBe(true)
    expect(transport.made[0]?.closes).toBe(1)
    expect(test.told).toEqual([])
  })

  it.each(Array.from({ length: 12 }, (_, turns) => turns))('leaves nothing open when it closes %i turns after a listener began', async (turns) => {
    const began = Promise.withResolvers<void>()
    const transport = scriptedTransport((listener) => {
      listener.onListen = async (address) => {
        listener.addresses = [address]
        await began.promise
      }
    })
    const test = listenerSet([transport])
    const listening = test.set.listen(addrs(A)).catch(() => {})

    began.resolve()

    for (let turn = 0; turn < turns; turn++) {
      await Promise.resolve()
    }

    await test.set.close()
    await listening

    expect(transport.made[0]?.closes).toBe(1)
    expect(test.set.listeners()).toEqual([])
    expect([[], [`listen ${A}`, `listenClose ${A}`]]).toContainEqual(test.told)
  })

  it('waits, when it closes, for the end of what was given up before', async () => {
    const closing = Promise.withResolvers<void>()
    const order: string[] = []
    const transport = scriptedTransport((listener) => {
      listener.onClose = async () => {
        await closing.promise
        order.push('listener closed')
      }
      listener.onListen = async (address) => {
        listener.addresses = [address]
        throw new Error('half')
      }
    })
    const test = listenerSet([transport])

    await expect(test.set.listen(addrs(A))).rejects.toThrow(ListenError)
    const closed = test.set.close().then(() => { order.push('set closed') })

    await settle()
    closing.resolve()
    await closed

    expect(order).toEqual(['listener closed', 'set closed'])
  })

  it('listens on nothing once it is closed', async () => {
    const transport = scriptedTransport()
    const test = listenerSet([transport])

    await test.set.close()

    await expect(test.set.listen(addrs(A))).rejects.toMatchObject({ code: 'SwarmClosed' })
    expect(transport.made).toEqual([])
  })

  it('closes although a listener that is about to begin never does', async () => {
    const transport = scriptedTransport((listener) => { listener.onListen = never })
    const test = listenerSet([transport])
    const refused = expect(test.set.listen(addrs(A, RELAYED))).rejects.toMatchObject({ code: 'SwarmClosed' })
    const closed = test.set.close()

    await refused
    await test.clock.advance(LISTENER_CLOSE_TIMEOUT_MS)
    await closed

    // the relayed address was never tried
    expect(transport.made).toHaveLength(1)
    expect(test.clock.pending).toBe(0)
  })

  it.each([
    ['never does', never],
    ['fails to', async () => { throw new Error('stuck') }]
  ])('closes although a listener that should close %s', async (_, onClose) => {
    const test = listenerSet([scriptedTransport((listener) => { listener.onClose = onClose })])

    await test.set.listen(addrs(A))
    const closed = test.set.close()

    await test.clock.advance(LISTENER_CLOSE_TIMEOUT_MS)
    await closed

    expect(test.told).toEqual([`listen ${A}`, `listenClose ${A}`])
    expect(test.clock.pending).toBe(0)
  })

  it('waits with listenClose until the listener has closed', async () => {
    const closing = Promise.withResolvers<void>()
    const test = listenerSet([scriptedTransport((listener) => { listener.onClose = async () => { await closing.promise } })])

    await test.set.listen(addrs(A))
    const closed = test.set.close()

    await settle()
    expect(test.set.addresses()).toEqual([])
    expect(test.told).toEqual([`listen ${A}`])

    closing.resolve()
    await closed
    expect(test.told).toEqual([`listen ${A}`, `listenClose ${A}`])
  })
})
