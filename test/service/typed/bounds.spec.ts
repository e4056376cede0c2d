import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { pipe } from '../../../src/channel/index.ts'
import { Client, copy, pipeline, reference, Server, serving, task, VERBS } from '../../../src/service/index.ts'
import { callMethod, createClient, RPC_LIMITS, service } from '../../../src/service/typed/index.ts'
import { eventually, turns } from '../../support/settle.ts'
import { overSession, PLACES, rejection } from './setup.ts'

/** Methods that answer when told to. */
// eslint-disable-next-line @typescript-eslint/explicit-function-return-type -- its type is what is tested
function gated () {
  const gates: Array<() => void> = []
  let running = 0
  let most = 0

  return {
    gates,
    get most () { return most },
    service: service({
      wait: async (n: number) => {
        running++
        most = Math.max(most, running)
        await new Promise<void>((resolve) => { gates.push(resolve) })
        running--

        return n
      }
    }, { maxOpenCalls: 4 })
  }
}

describe.each(PLACES)('a client %s', (_, place) => {
  it('sends no more calls than the service takes at a time, and the others later', async () => {
    const gate = gated()
    await using there = await place(gate.service)
    await using client = createClient<typeof gate.service>(there.reference)
    const all = Promise.all(Array.from({ length: 30 }, async (_, n) => client.wait(n)))

    for (let opened = 0; opened < 30; opened++) {
      await eventually(() => gate.gates.length > opened)
      gate.gates[opened]?.()
    }

    expect(await all).toEqual(Array.from({ length: 30 }, (_, n) => n))
    expect(gate.most).toBe(4)
  })

  it('rejects all calls when it is lost, and those that come later', async () => {
    const gate = gated()
    await using there = await place(gate.service)
    await using client = createClient<typeof gate.service>(there.reference)

    if (there.pair != null) {
      const calls = Array.from({ length: 8 }, async (_, n) => rejection(client.wait(n)))

      await eventually(() => gate.gates.length === 4)
      await there.pair.cut('reset')

      const errors = await Promise.all(calls)

      expect(new Set(errors).size).toBe(1)
      expect(errors[0]).toMatchObject({ code: 'Unavailable', message: expect.stringContaining('the service cannot be reached any more') })
      expect(await rejection(client.wait(9))).toBe(errors[0])
    }
  })

  it('may leave while its calls wait', async () => {
    const gate = gated()
    await using there = await place(gate.service)
    const client = createClient<typeof gate.service>(there.reference)
    const calls = Array.from({ length: 8 }, async (_, n) => rejection(client.wait(n)))

    await client[Symbol.asyncDispose]()

    expect(new Set((await Promise.all(calls)).map(({ code }) => code))).toEqual(new Set(['CallCancelled']))
  })
})

describe('a client', () => {
  it('has a bound on the calls that wait in it', async () => {
    const gate = gated()
    await using client = createClient<typeof gate.service>(gate.service)
    const calls = Array.from({ length: RPC_LIMITS.maxWaitingCalls + 1 }, async (_, n) => rejection(client.wait(n)))

    expect(await calls.at(-1)).toMatchObject({ code: 'ResourceLimit' })

    await client[Symbol.asyncDispose]()
    await Promise.all(calls)
  })

  it('gives calls up that wait to be sent', async () => {
    const gate = gated()
    await using client = createClient<typeof gate.service>(gate.service)
    const stop = new AbortController()
    const waiting = rejection(client.wait(1, { signal: stop.signal }))

    stop.abort(new Error('no'))

    expect((await waiting).message).toBe('no')
    expect(gate.gates).toHaveLength(0)
  })

  it('is no promise, and shows no methods of objects as its own', async () => {
    const one = service({ group: { get: () => 1 } })
    const client = createClient<typeof one>(one)

    expect(await Promise.resolve(client)).toBe(client)
    expect((client as unknown as { then: unknown }).then).toBeUndefined()
    expect((client.group as unknown as { then: unknown }).then).toBeUndefined()
    expect(JSON.stringify({ client })).toBe('{"client":{}}')
    expect((client as object).constructor).toBe(Object)
    expect(Object.keys(client)).toEqual([])
    expect(typeof inspect(client)).toBe('string')
    expect(client.group).toBe(client.group)
    await client[Symbol.asyncDispose]()
  })

  it('is refused methods that objects inherit', async () => {
    const one = service({ get: () => 1 })
    await using client = createClient<typeof one>(one)

    for (const name of ['constructor', '__proto__', 'toString', 'then', 'get.call', '']) {
      expect(await rejection(callMethod(client, name))).toMatchObject({ code: 'NotImplemented', message: expect.stringContaining('there are get') })
    }

    expect(() => { void callMethod({}, 'get') }).toThrow(TypeError)
  })

  it('does not close what it was lent', async () => {
    const one = service({ get: () => 1 })
    await using verbs = new Client(one)

    {
      await using client = createClient<typeof one>(verbs)

      expect(await client.get()).toBe(1)
    }

    expect(await verbs.ls()).toEqual(['get'])
  })

  it('closes the reference that it was given, of which the service learns', async () => {
    const ends: string[] = []
    const one = service({ get: () => 1 }, { onClose: ({ how }) => { ends.push(how) } })

    {
      await using client = createClient<typeof one>(reference(one))

      await client.get()
    }

    await eventually(() => ends.length === 1)
    expect(ends).toEqual(['closed'])
  })

  it('finds a service that a task runs, and one at the end of a pipeline', async () => {
    const one = service({ get: () => 1 })
    const passing = task(async ({ input, output }) => { await copy(output, input) })
    const line = pipeline([{ name: 'pass', object: reference(passing) }, { name: 'one', object: reference(serving(one)) }], { keepInput: true })

    await line.start()

    {
      await using client = createClient<typeof one>(new Client(line))

      expect(await client.get()).toBe(1)
    }

    {
      // a client that has left ends nothing for others
      await using client = createClient<typeof one>(new Client(line))

      expect(await client.get()).toBe(1)
    }

    await line.stop()
  })

  it.each([
    ['nothing of the kind', async () => reference((call) => call.fail(new Error('no'))), 'ServiceFailed'],
    ['an answer without a reference', async () => reference(async (call) => { await call.ack('rpc/1'); await call.end() }), 'FailedPrecondition'],
    ['no answer', async () => reference(async (call) => call.end()), 'NoAnswer'],
    ['another answer', async () => reference(async (call) => { await call.answer({ verb: VERBS.set, args: [] }); await call.end() }), 'NoAnswer'],
    ['something else to attach to', async () => reference(new Server().onAttach(() => ({ input: () => {} }))), 'FailedPrecondition']
  ] as const)('fails clearly where there is %s', async (_, make, code) => {
    const target = await make()
    await using client = createClient<ReturnType<typeof gated>['service']>(target)

    expect(await rejection(client.wait(1))).toMatchObject({ code })
    expect(await rejection(client.wait(2))).toMatchObject({ code })
  })

  it('rejects all calls when the session is lost while it attaches', async () => {
    const silent = reference(async () => new Promise(() => {}))
    await using there = await overSession(silent)
    await using client = createClient<ReturnType<typeof gated>['service']>(there.reference)
    const calls = [rejection(client.wait(1)), rejection(client.wait(2))]

    await turns(5)
    await there.pair?.cut('reset')

    expect((await Promise.all(calls)).map(({ code }) => code)).toEqual(['Unavailable', 'Unavailable'])
  })

  it('ends channels in results that nobody waits for any more', async () => {
    const [receiver, sender] = pipe<number>()
    const gate = Promise.withResolvers<void>()
    const one = service({ late: async () => { await gate.promise; return { deep: [receiver] } } })
    await using client = createClient<typeof one>(one)
    const stop = new AbortController()
    const late = rejection(client.late(undefined, { signal: stop.signal }))

    await turns(5)
    stop.abort(new Error('no'))
    await late
    gate.resolve()

    expect((await sender.closed).how).toBe('cancelled')
  })
})
