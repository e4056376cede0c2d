import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryBudget } from '../../../src/swarm/limits/index.ts'
import { ScriptedRaw } from '../../support/scripted-raw.ts'
import { turns } from '../../support/settle.ts'
import { port } from '../../support/stream-pair.ts'
import type { StreamPort } from '../../../src/swarm/stream/index.ts'

/** Every way in which a stream can come to its end. */
const ENDS: Record<string, (taken: StreamPort, raw: ScriptedRaw) => void> = {
  'both sides end it': (taken, raw) => {
    raw.sayEnd()
    taken.closeWrite().catch(() => {})
  },
  'we abort it': (taken) => { taken.abort(new Error('enough')) },
  'the peer resets it': (_taken, raw) => { raw.sayClosed(new Error('reset')) },
  'its transport goes': (_taken, raw) => { raw.sayClosed() },
  'its connection is lost': (taken) => { taken.lose() },
  'nobody reads it any more, and both end it': (taken, raw) => {
    taken.discard()
    raw.sayEnd()
    taken.closeWrite().catch(() => {})
  }
}

describe('the shared budget', () => {
  it.each(Object.entries(ENDS))('has all bytes back when %s', async (_what, end) => {
    const budget = new MemoryBudget(100)
    const raw = new ScriptedRaw()
    const taken = port(raw, { budget })

    raw.say('some', ' bytes')
    taken.unread(taken.take() ?? new Uint8Array(0))
    expect(budget.used).toBe(10)

    end(taken, raw)
    await turns(5)

    expect(budget.used).toBe(0)
    raw.say('too late')
    expect(budget.used).toBe(0)
  })

  it('has all bytes back whatever happens, and never fewer than none', async () => {
    const operation = fc.constantFrom('say', 'say', 'say', 'take', 'take', 'read', 'unread', 'discard', 'pause', 'others', 'end', 'closeWrite')

    await fc.assert(fc.asyncProperty(fc.array(operation, { maxLength: 40 }), fc.constantFrom(...Object.keys(ENDS)), async (operations, end) => {
      const faults: Error[] = []
      const budget = new MemoryBudget(12, { onError: (error) => { faults.push(error) } })
      const raw = new ScriptedRaw()
      let counted = 0
      const taken = port(raw, { budget, port: { highWaterBytes: 8, lowWaterBytes: 2, onRead: (bytes) => { counted += bytes } } })
      let others = 0
      let said = 0
      let last: Uint8Array | undefined

      for (const name of operations) {
        switch (name) {
          case 'say':
            said += raw.remoteWriteStatus === 'closed' ? 0 : 3
            raw.say(...raw.remoteWriteStatus === 'closed' ? [] : ['abc'])
            break
          case 'take':
            last = taken.take()
            break
          case 'read':
            await (taken.buffered > 0 ? taken.read().catch(() => {}) : undefined)
            last = undefined
            break
          case 'unread':
            taken.unread(last ?? new Uint8Array(0))
            last = undefined
            break
          case 'discard':
            taken.discard()
            break
          case 'pause':
            raw.pause()
            break
          case 'others':
            others = others === 0 ? 20 : 0
            others === 0 ? budget.remove(20) : budget.add(20)
            break
          case 'end':
            raw.sayEnd()
            break
          default:
            taken.closeWrite().catch(() => {})
            break
        }
      }

      ENDS[end]?.(taken, raw)
      await turns(3)

      expect(taken.isClosed).toBe(true)
      expect(budget.used).toBe(others)
      expect(faults).toEqual([])
      expect(counted).toBe(said)
    }))
  })

  it('lets a stream go on that it has stopped, when another one gives bytes back', () => {
    const budget = new MemoryBudget(10)
    const [first, second] = [new ScriptedRaw(), new ScriptedRaw()]
    const [greedy, modest] = [port(first, { budget }), port(second, { budget })]

    first.say('12345678')
    second.say('1', '2')
    expect(budget.exhausted).toBe(true)
    expect(second.readStatus).toBe('paused')

    greedy.take()
    expect(second.readStatus).toBe('readable')
    expect(modest.buffered).toBe(2)
  })

  it('never keeps a reader waiting that has read all', async () => {
    const budget = new MemoryBudget(4)
    const raw = new ScriptedRaw()
    const taken = port(raw, { budget })

    budget.add(100)
    raw.say('a', 'b', 'c')

    expect(new TextDecoder().decode(await taken.read() ?? undefined)).toBe('ab')
    expect(new TextDecoder().decode(await taken.read() ?? undefined)).toBe('c')
  })
})
