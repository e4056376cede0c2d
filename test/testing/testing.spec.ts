import { describe, expect, it } from 'vitest'
import { FakeClock, MemoryNetwork, seededRandom } from '../../src/testing/index.ts'

describe('MemoryNetwork', () => {
  it('lets swarms dial each other by peer ID, once they are introduced', async () => {
    await using network = new MemoryNetwork()
    const alice = await network.add()
    const bob = await network.add()

    bob.handle('/greet/1.0.0', async (stream) => { await stream.end(`hello ${await stream.text()}`) })
    await expect(alice.dial(bob.peerId)).rejects.toMatchObject({ code: 'NoAddresses' })
    await network.introduce()

    const stream = await alice.newStream(bob.peerId, '/greet/1.0.0')

    await stream.end('bob')
    expect(await stream.text()).toBe('hello bob')
    expect(stream.connection.remoteAddr.toString()).toMatch(/^\/memory\//)
  })
})

describe('FakeClock', () => {
  it('fires timers in the order of their times, and no timer that was dropped', async () => {
    const clock = new FakeClock(0)
    const fired: string[] = []
    const dropped = clock.at(10, () => { fired.push('dropped') })

    clock.at(20, () => { fired.push(`second at ${clock.now()}`) })
    clock.at(10, () => { fired.push(`first at ${clock.now()}`) })
    dropped[Symbol.dispose]()
    expect(clock.next).toBe(10)
    await clock.advance(15)

    expect(fired).toEqual(['first at 10'])
    expect(clock.pending).toBe(1)
    await clock.advance(5)
    expect(fired).toEqual(['first at 10', 'second at 20'])
  })
})

describe('seededRandom', () => {
  it('gives the same numbers for the same seed, between 0 and 1', () => {
    const [a, b, c] = [seededRandom(7), seededRandom(7), seededRandom(8)]
    const numbers = Array.from({ length: 100 }, a)

    expect(Array.from({ length: 100 }, b)).toEqual(numbers)
    expect(Array.from({ length: 100 }, c)).not.toEqual(numbers)
    expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true)
  })
})
