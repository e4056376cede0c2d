import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { CodedError } from '../../../src/base/index.ts'
import { settle } from '../../support/fake-clock.ts'
import { DialScene, FakeConnection, NOTHING_LEFT, rejection, tcp } from './dial-scene.ts'
import { addrs } from './fixtures.ts'

describe('DialSync.close', () => {
  it('rejects all who wait with SwarmClosed, in whatever state their dial is', async () => {
    const scene = new DialScene({
      settings: { maxDialsPerPeer: 1 },
      delays: { [tcp(3)]: 250 },
      addressesFor: async (_peer, { addresses }) => {
        return addresses == null ? new Promise(() => {}) : { good: addresses, refused: [] }
      }
    })
    const callers = [
      scene.dial([tcp(1)]), // dials
      scene.dial([tcp(2)]), // waits for a permit
      scene.dial([tcp(3)]), // waits for its turn
      scene.sync.dial({ key: 'addr:1', peer: undefined }) // resolves names
    ].map(rejection)

    await settle()
    scene.sync.close()

    for (const error of await Promise.all(callers)) {
      expect(error).toBeInstanceOf(CodedError)
      expect(error).toMatchObject({ code: 'SwarmClosed', message: 'swarm closed' })
    }

    expect(scene.at(tcp(1)).signal.aborted).toBe(true)
    expect(await scene.leftovers()).toEqual(NOTHING_LEFT)
  })

  it('refuses later dials, even to peers that are connected', async () => {
    const scene = new DialScene()

    scene.open.push(new FakeConnection(multiaddr(tcp(1))))
    scene.sync.close()

    expect(await rejection(scene.dial([tcp(1)]))).toMatchObject({ code: 'SwarmClosed' })
  })

  it('may be called twice', async () => {
    const scene = new DialScene()

    scene.sync.close()
    scene.sync.close()

    expect(await scene.leftovers()).toEqual(NOTHING_LEFT)
  })

  it('is outranked by the signal of the caller', async () => {
    const scene = new DialScene()
    const controller = new AbortController()
    const waiting = rejection(scene.dial([tcp(1)], {}, controller.signal))

    await settle()
    scene.sync.close()
    controller.abort('enough')

    expect(await waiting).toBe('enough')
    expect(await rejection(scene.dial([tcp(1)], {}, controller.signal))).toBe('enough')
  })

  it('outranks the failure of the dial', async () => {
    const scene = new DialScene()
    const waiting = rejection(scene.sync.dial({ key: 'addr:1', peer: undefined }, { addresses: addrs(tcp(1)), timeoutMs: 5 }))

    await settle()
    scene.at(tcp(1)).fail()
    scene.sync.close()

    expect(await waiting).toMatchObject({ code: 'SwarmClosed' })
  })
})
