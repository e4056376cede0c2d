import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { settle } from '../../support/fake-clock.ts'
import { addrs, listenerSet, ScriptedListener, scriptedTransport, texts } from './fixtures.ts'

const A = '/memory/a'
const B = '/memory/b'

describe('ListenerSet, when a listener speaks', () => {
  it('tells which addresses came and which went', async () => {
    const transport = scriptedTransport()
    await using test = listenerSet([transport])

    await test.set.listen(addrs(A))
    expect(test.changes()).toBe(1)
    transport.made[0]?.say('listening')
    expect(test.changes()).toBe(1)

    for (const listener of transport.made) {
      listener.addresses = addrs(B, '/memory/c')
      listener.say('listening')
    }

    expect(test.told).toEqual([`listen ${A}`, `listenClose ${A}`, `listen ${B}`, 'listen /memory/c'])
    expect(texts(test.set.addresses())).toEqual([B, '/memory/c'])
    expect(test.changes()).toBe(2)
  })

  it('tells of a change of the interfaces behind an unspecified host', async () => {
    const transport = scriptedTransport((listener) => {
      listener.onListen = async () => { listener.addresses = addrs('/ip4/127.0.0.1/tcp/1') }
    })
    await using test = listenerSet([transport])

    await test.set.listen(addrs('/ip4/0.0.0.0/tcp/1'))

    for (const listener of transport.made) {
      listener.addresses = addrs('/ip4/127.0.0.1/tcp/1', '/ip4/192.0.2.7/tcp/1')
      listener.say('listening')
    }

    expect(test.told).toEqual(['listen /ip4/0.0.0.0/tcp/1'])
    expect(test.changes()).toBe(2)
  })

  it('sees the addresses of a listener that rest on those of another', async () => {
    const transport = scriptedTransport((listener, index) => {
      if (index === 1) {
        listener.onListen = async () => {}
        listener.getAddrs = () => transport.made[0]?.addresses.map((address) => address.encapsulate('/webrtc')) ?? []
      }
    })
    await using test = listenerSet([transport])

    await test.set.listen(addrs(A, '/webrtc'))
    expect(texts(test.set.addresses())).toEqual([A, `${A}/webrtc`])

    await test.set.remove(multiaddr(A))
    expect(test.told.slice(-2)).toEqual([`listenClose ${A}`, `listenClose ${A}/webrtc`])
  })

  it('opens and closes listeners around their addresses', async () => {
    const told: string[] = []
    const transport = scriptedTransport()
    await using test = listenerSet([transport], {
      onListenerOpened: () => { told.push('opened') },
      onListen: () => { told.push('listen') },
      onListenClose: () => { told.push('listenClose') },
      onListenerClosed: () => { told.push('closed') },
      onAddressesChanged: () => { told.push('changed') }
    })

    await test.set.listen(addrs(A))
    await test.set.remove(multiaddr(A))

    expect(told).toEqual(['opened', 'listen', 'changed', 'listenClose', 'closed', 'changed'])
  })

  it('keeps a listener without addresses when it has an error', async () => {
    const transport = scriptedTransport((listener) => { listener.onListen = async () => {} })
    await using test = listenerSet([transport])

    await test.set.listen(addrs('/p2p-circuit'))
    transport.made[0]?.fail(new Error('no relay yet'))

    expect(test.told).toEqual(['error /p2p-circuit'])
    expect(test.set.listeners()).toHaveLength(1)
  })

  it('removes and closes a listener that no longer listens after an error', async () => {
    const transport = scriptedTransport()
    await using test = listenerSet([transport])

    await test.set.listen(addrs(A))

    for (const listener of transport.made) {
      listener.addresses = []
      listener.onClose = async () => { listener.say('close') }
      listener.fail(Object.assign(new Error('bind'), { code: 'EADDRINUSE' }))
      listener.fail(new Error('again'))
    }

    expect(test.set.addresses()).toEqual([])
    expect(test.told).toEqual([`listen ${A}`, `listenClose ${A}`])
    expect(test.errors).toMatchObject([{ code: 'ListenFailed', message: `the listener on ${A} has ended: address already in use (EADDRINUSE)`, cause: { code: 'EADDRINUSE' } }])
    await test.set.close()
    expect(transport.made[0]?.closes).toBe(1)
  })

  it('takes one for failed that closes before it has begun', async () => {
    const transport = scriptedTransport((listener) => {
      listener.onListen = async () => {
        listener.fail(new Error('never mind'))
        listener.say('close')
      }
    })
    await using test = listenerSet([transport])

    await expect(test.set.listen(addrs(A))).rejects.toThrow(`${A}: the listener on ${A} has ended: never mind`)
    expect(test.told).toEqual([])
    expect(transport.made[0]?.closes).toBe(0)
  })

  it('does not list an address that died while others began', async () => {
    const slow = Promise.withResolvers<void>()
    const transport = scriptedTransport((listener, index) => {
      if (index === 1) {
        listener.onListen = async (address) => {
          await slow.promise
          listener.addresses = [address]
        }
      }
    })
    await using test = listenerSet([transport])
    const pending = test.set.listen(addrs(A, B))

    await settle()
    transport.made[0]?.say('close')
    slow.resolve()

    expect(texts((await pending).listening)).toEqual([B])
    expect(test.told).toEqual([`listen ${A}`, `listenClose ${A}`, `listen ${B}`])
  })

  it('survives callbacks that throw', async () => {
    const fail = (): never => { throw new Error('callback') }
    const transport = scriptedTransport()
    await using test = listenerSet([transport], { onListen: fail, onListenClose: fail, onAddressesChanged: fail, onError: fail, onListenerOpened: fail, onListenerClosed: fail })

    await test.set.listen(addrs(A, B))
    transport.made[0]?.fail(new Error('event'))
    transport.made[0]?.say('close')

    expect(texts(test.set.addresses())).toEqual([B])
  })

  it('survives a listener that cannot tell its addresses', async () => {
    const transport = scriptedTransport((listener) => { listener.getAddrs = () => { throw new Error('getAddrs') } })
    await using test = listenerSet([transport])

    await expect(test.set.listen(addrs(A))).resolves.toEqual({ listening: [], failures: [] })
  })

  it('may be asked to listen, to remove and to close by its callbacks', async () => {
    const transport = scriptedTransport()
    const inner: Array<Promise<unknown>> = []
    const test = listenerSet([transport], {
      onListen: (address) => {
        inner.push(address.toString() === A ? test.set.listen(addrs(B)) : test.set.remove(address))
      },
      onListenClose: () => { inner.push(test.set.close()) }
    })

    await test.set.listen(addrs(A))

    for (const call of inner) {
      await call
    }

    expect(test.set.listeners()).toEqual([])
    expect(transport.made.map(({ closes }) => closes)).toEqual([1, 1])
  })

  it('listens to a listener no more once it is gone', async () => {
    const transport = scriptedTransport()
    const added: string[] = []
    const removed: string[] = []
    const make = transport.createListener

    transport.createListener = (options) => {
      const listener = make(options)

      if (listener instanceof ScriptedListener) {
        listener.addEventListener = (type: string) => { added.push(type) }
        listener.removeEventListener = (type: string) => { removed.push(type) }
      }

      return listener
    }

    const test = listenerSet([transport])

    await test.set.listen(addrs(A))
    await test.set.close()

    expect(added).toEqual(['listening', 'error', 'close'])
    expect(removed).toEqual(added)
  })
})
