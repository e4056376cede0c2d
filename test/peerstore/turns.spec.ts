import { describe, expect, it } from 'vitest'
import { isCoded } from '../../src/base/index.ts'
import { Turns } from '../../src/peerstore/turns.ts'
import { turns as eventLoopTurns } from '../support/settle.ts'

describe('Turns', () => {
  it('lets one caller after the other, in the order in which they came', async () => {
    const turns = new Turns(10)
    const held = await turns.take('a')
    const served: number[] = []
    const waiters = [1, 2, 3].map(async (n) => {
      using turn = await turns.take('a')

      served.push(n)
      expect(turn).toBeDefined()
      expect(turns.keys).toBe(1)
    })

    expect(served).toEqual([])
    held[Symbol.dispose]()
    await Promise.all(waiters)

    expect(served).toEqual([1, 2, 3])
  })

  it('lets callers for other keys pass', async () => {
    const turns = new Turns(10)

    await turns.take('a')
    await turns.take('b')

    expect(turns.keys).toBe(2)
  })

  it('forgets a key that nobody uses', async () => {
    const turns = new Turns(10)
    const held = await turns.take('a')

    held[Symbol.dispose]()

    expect(turns.keys).toBe(0)
  })

  it('keeps the turn of the next caller when one is given back twice', async () => {
    const turns = new Turns(10)
    const first = await turns.take('a')

    first[Symbol.dispose]()
    const second = await turns.take('a')
    first[Symbol.dispose]()
    let served = false
    const third = turns.take('a').then(() => { served = true })
    await eventLoopTurns(2)

    expect(served).toBe(false)

    second[Symbol.dispose]()
    await third
  })

  it('lets no turn go to a caller that has left', async () => {
    const turns = new Turns(10)
    const held = await turns.take('a')
    const controller = new AbortController()
    const reason = new Error('gone')
    const left = turns.take('a', controller.signal)

    controller.abort(reason)
    await expect(left).rejects.toBe(reason)
    held[Symbol.dispose]()

    expect(turns.keys).toBe(0)
  })

  it('keeps nothing of a caller that had left before', async () => {
    const turns = new Turns(10)

    await expect(turns.take('a', AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone')

    expect(turns.keys).toBe(0)
  })

  it('refuses callers beyond those that may wait', async () => {
    const turns = new Turns(1)
    const held = await turns.take('a')
    const waiting = turns.take('a')
    const error = await turns.take('a').catch((thrown: unknown) => thrown)

    expect(isCoded(error, 'ResourceLimit')).toBe(true)
    expect((error as Error).message).toBe('1 callers wait to use the peer store for a already, and 1 are allowed')

    held[Symbol.dispose]();
    (await waiting)[Symbol.dispose]()
    expect(turns.keys).toBe(0)
  })
})
