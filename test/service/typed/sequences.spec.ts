import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { pipe } from '../../../src/channel/index.ts'
import { ServiceError } from '../../../src/service/index.ts'
import { createClient, method, service } from '../../../src/service/typed/index.ts'
import { eventually, turns } from '../../support/settle.ts'
import { aborted, overSession, PLACES, rejection } from './setup.ts'
import type { CallContext } from '../../../src/service/typed/index.ts'

interface Seen { made: number, ended: number, aborted: number }

/** A service whose sequences say what became of them. */
// eslint-disable-next-line @typescript-eslint/explicit-function-return-type -- its type is what is tested
function counting (seen: Seen) {
  return service({
    count: async function * ({ to }: { to: number }, { signal }: CallContext) {
      signal.addEventListener('abort', () => { seen.aborted++ })

      try {
        for (let n = 1; n <= to; n++) {
          seen.made++
          yield n
        }
      } finally {
        seen.ended++
      }
    },
    never: async function * (_: undefined, { signal }: CallContext) {
      yield 0

      try {
        await aborted(signal)
      } finally {
        seen.ended++
      }
    },
    broken: async function * () {
      yield 1
      throw new ServiceError('NotFound', 'there is no second', { data: { at: 2 } })
    },
    channel: () => {
      const [receiver, sender] = pipe<string>()

      void sender.send('a').then(async () => sender.send('b')).then(async () => sender.close())

      return receiver
    },
    checked: method(z.object({ values: z.array(z.unknown()) }), z.number(), async function * ({ values }) { yield * values as number[] }),
    value: () => 1
  })
}

function nothing (): Seen {
  return { made: 0, ended: 0, aborted: 0 }
}

async function collect<T> (items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []

  for await (const item of items) {
    all.push(item)
  }

  return all
}

describe.each(PLACES)('a sequence %s', (_, place) => {
  it('gives all that the generator yields, in order', async () => {
    const seen = nothing()
    const counter = counting(seen)
    await using there = await place(counter)
    await using client = createClient<typeof counter>(there.reference)

    expect(await collect(client.count({ to: 500 }))).toEqual(Array.from({ length: 500 }, (_, i) => i + 1))
    expect(await collect(await client.count({ to: 3 }))).toEqual([1, 2, 3])
    expect(seen).toEqual({ made: 503, ended: 2, aborted: 0 })
  })

  it('ends the generator when the loop is left, and tells its signal', async () => {
    const seen = nothing()
    const counter = counting(seen)
    await using there = await place(counter)
    await using client = createClient<typeof counter>(there.reference)

    for await (const n of client.count({ to: Infinity })) {
      if (n === 10) {
        break
      }
    }

    await eventually(() => seen.ended === 1)
    expect(seen.aborted).toBe(1)
  })

  it('ends a generator that waits, by its signal', async () => {
    const seen = nothing()
    const counter = counting(seen)
    await using there = await place(counter)
    await using client = createClient<typeof counter>(there.reference)

    const zeroes = client.never()[Symbol.asyncIterator]()

    expect(await zeroes.next()).toEqual({ done: false, value: 0 })
    await zeroes.return?.()

    await eventually(() => seen.ended === 1)
  })

  it('fails as the generator does, with code, message and data', async () => {
    const counter = counting(nothing())
    await using there = await place(counter)
    await using client = createClient<typeof counter>(there.reference)
    const got: number[] = []

    const error = await rejection((async () => {
      for await (const n of client.broken()) {
        got.push(n)
      }
    })())

    expect(got).toEqual([1])
    expect(error).toBeInstanceOf(ServiceError)
    expect(error).toMatchObject({ code: 'NotFound', message: 'there is no second', data: { at: 2 } })
    expect(await rejection(collect(await client.broken()))).toMatchObject({ code: 'NotFound' })
  })

  it('may be a channel', async () => {
    const counter = counting(nothing())
    await using there = await place(counter)
    await using client = createClient<typeof counter>(there.reference)

    expect(await collect(client.channel())).toEqual(['a', 'b'])
  })

  it('has each element checked', async () => {
    const counter = counting(nothing())
    await using there = await place(counter)
    await using client = createClient<typeof counter>(there.reference)
    const got: number[] = []

    const error = await rejection((async () => {
      for await (const n of client.checked({ values: [1, 2, 'three', 4] })) {
        got.push(n)
      }
    })())

    expect(got).toEqual([1, 2])
    expect(error).toMatchObject({ code: 'ServiceFailed', message: expect.stringContaining('checked gave what its schema does not allow') })
  })

  it('stops with the reason of the signal of its call', async () => {
    const seen = nothing()
    const counter = counting(seen)
    await using there = await place(counter)
    await using client = createClient<typeof counter>(there.reference)
    const stop = new AbortController()
    const reason = new Error('enough')

    const error = await rejection((async () => {
      for await (const n of client.count({ to: Infinity }, { signal: stop.signal })) {
        if (n === 5) {
          stop.abort(reason)
        }
      }
    })())

    expect(error).toBe(reason)
    await eventually(() => seen.ended === 1)
  })
})

describe('a sequence', () => {
  it('is made no faster than it is read', async () => {
    const seen = nothing()
    const counter = counting(seen)
    const big = service({
      blocks: async function * () {
        for (;;) {
          seen.made++
          yield new Uint8Array(16 * 1024)
        }
      }
    })
    await using there = await overSession(big)
    await using client = createClient<typeof big>(there.reference)
    await using small = createClient<typeof counter>(counter)
    const blocks = await client.blocks()
    const numbers = await small.count({ to: Infinity })

    await blocks.receive()
    await numbers.receive()
    await eventually(() => seen.made > 2)

    const { made } = seen

    // in memory one waits; on the way there is room for some hundred kilobytes
    await turns(50)

    expect(made).toBeLessThan(64)
    expect(seen.made).toBeLessThan(64)
    blocks.cancel()
    numbers.cancel()
  })

  it('cannot be made of a value', async () => {
    const counter = counting(nothing())
    await using client = createClient<typeof counter>(counter)

    expect(await rejection(collect(client.value() as unknown as AsyncIterable<number>))).toMatchObject({ code: 'FailedPrecondition' })
  })

  it('stops its generator when the session is lost, and fails', async () => {
    const seen = nothing()
    const counter = counting(seen)
    await using there = await overSession(counter)
    await using client = createClient<typeof counter>(there.reference)
    const numbers = await client.count({ to: Infinity })

    await numbers.receive()
    await there.pair?.cut('reset')

    expect(await rejection(collect(numbers))).toMatchObject({ code: 'ConnectionLost' })
    await eventually(() => seen.ended === 1)
  })

  it('may be left before it was read, which ends it as well', async () => {
    const seen = nothing()
    const counter = counting(seen)
    await using there = await overSession(counter)
    await using client = createClient<typeof counter>(there.reference)
    const answer = client.count({ to: Infinity })
    const iterator = answer[Symbol.asyncIterator]()

    await iterator.return?.()

    expect((await (await answer).closed).how).toBe('cancelled')
  })
})
