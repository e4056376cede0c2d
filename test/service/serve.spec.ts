import { describe, expect, it, vi } from 'vitest'
import { byteStreamPair, pipe } from '../../src/channel/index.ts'
import { callerOf, Client, reference, RetPipe, send, serve, SERVE_DEFAULTS, Server, ServiceError, VERBS, withCaller } from '../../src/service/index.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { SERVICE_LINKS } from '../support/service-links.ts'
import { eventually } from '../support/settle.ts'
import type { Call, Caller, Message } from '../../src/service/index.ts'
import type { ServiceLink } from '../support/service-links.ts'

const REMOTE: Caller = { peer: '12D3KooWPeer' }

async function open (way: string): Promise<ServiceLink> {
  const link = await SERVICE_LINKS[way]?.()

  if (link == null) {
    throw new Error(`there is no way ${way}`)
  }

  return link
}

describe.each(Object.keys(SERVICE_LINKS))('serve, asked %s', (way) => {
  it('handles at most 256 requests of one reference at a time, and then the next', async () => {
    await using link = await open(way)
    const begun: Call[] = []
    const target = await link.reach((call) => new Promise((resolve) => {
      begun.push(call)
      void call.begun.then(resolve)
    }))
    const client = new Client(target)

    const asked = Array.from({ length: 258 }, async () => client.start())
    await eventually(() => begun.length === SERVE_DEFAULTS.maxConcurrentCalls)
    await settle()
    const atFirst = begun.length
    await begun[0]?.ack()
    await eventually(() => begun.length === 257)

    expect(atFirst).toBe(256)
    await Promise.all(begun.slice(1).map(async (call) => call.ack()))
    await eventually(() => begun.length === 258)
    await begun[257]?.ack()
    await Promise.all(asked)
  })

  it('goes on after what is no message, and tells its sender', async () => {
    await using link = await open(way)
    const target = await link.reach(new Server().onGet(() => 1))
    const [answers, ret] = pipe<Message>({ capacity: 1 })

    await target.send({ verb: 99, args: [], ret } as unknown as Message)
    await target.send('nothing' as unknown as Message)

    expect((await answers.receive()).value?.args).toEqual(['InvalidMessage', 'wanted a verb from 0 (ack) to 12 (watch), received 99'])
    expect(await new Client(target).get()).toBe(1)
  })

  it('tells the object that its reference has gone, and how', async () => {
    await using link = await open(way)
    const ends: unknown[] = []
    const object = { handle: async () => {}, close: (end: { how: string }) => { ends.push(end.how) } }

    await (await link.reach(object)).close()
    const aborted = await link.reach(object)
    aborted.abort('enough')
    await eventually(() => ends.length === 2)

    expect(ends).toEqual(['closed', 'aborted'])
  })

  it('tells a handler by its signal that its caller has given up', async () => {
    await using link = await open(way)
    const { promise, resolve } = Promise.withResolvers<Call>()
    const client = new Client(await link.reach(async (call) => {
      resolve(call)
      await new Promise((resolve) => { call.signal.addEventListener('abort', resolve) })
    }))
    const controller = new AbortController()

    const asked = client.get([], { signal: controller.signal })
    const { signal } = await promise
    void signal
    controller.abort(new Error('changed my mind'))

    await expect(asked).rejects.toThrow('changed my mind')
    await eventually(() => signal.aborted)
    expect(signal.reason).toMatchObject({ code: 'CallCancelled' })
  })

  it('closes an object that was spawned for a caller who had gone', async () => {
    await using link = await open(way)
    const { promise: go, resolve: letGo } = Promise.withResolvers<void>()
    const { promise: closed, resolve: onClose } = Promise.withResolvers<unknown>()
    const { promise: asked, resolve: onAsked } = Promise.withResolvers<Call>()
    const client = new Client(await link.reach(new Server().onSpawn(async (_args, call) => {
      onAsked(call)
      await go

      return new Server().onClose(onClose)
    })))
    const controller = new AbortController()

    const spawned = client.spawn([], { signal: controller.signal })
    const call = await asked
    controller.abort(new Error('gone'))
    await expect(spawned).rejects.toThrow('gone')
    await eventually(() => call.signal.aborted)
    letGo()

    expect(await closed).toBeDefined()
  })

  it('stops what is watched when the caller leaves', async () => {
    await using link = await open(way)
    const [events, happen] = pipe<Message>()
    const client = new Client(await link.reach(new Server().onWatch(() => events)))

    const watched = await client.watch()
    watched.cancel()

    expect((await happen.closed).how).toBe('cancelled')
  })

  it('tells of an error behind the ack', async () => {
    await using link = await open(way)
    const client = new Client(await link.reach(new Server().onWatch(async function * () {
      yield { verb: VERBS.log, args: ['info', 'so far so good'] }
      throw new ServiceError('Unavailable', 'the engine has gone')
    })))

    const watched = await client.watch()
    const first = await watched.receive()
    const second = await watched.receive()

    expect(first.value?.args).toEqual(['info', 'so far so good'])
    expect(second.value).toMatchObject({ verb: VERBS.error, args: ['Unavailable', 'the engine has gone'] })
    expect((await watched.receive()).done).toBe(true)
  })
})

describe('the deadline of a call', () => {
  it('aborts the handler, and rejects at the caller', async () => {
    const clock = new FakeClock()
    let signal: AbortSignal | undefined
    const client = new Client(reference(async (call) => {
      signal = call.signal
      await new Promise((resolve) => { call.signal.addEventListener('abort', resolve) })
    }, { clock }), { clock })

    const asked = client.get([], { timeoutMs: 100 })
    const rejected = expect(asked).rejects.toMatchObject({ code: 'DeadlineExceeded', message: 'get was not answered within 100 ms' })
    await clock.advance(99)
    const before = signal?.aborted
    await clock.advance(1)

    await rejected
    expect([before, signal?.aborted]).toEqual([false, true])
    expect(clock.pending).toBe(0)
  })

  it('is for the first answer: what is attached goes on', async () => {
    const clock = new FakeClock()
    const [events, happen] = pipe<Message>()
    const client = new Client(reference(new Server().onWatch(() => events), { clock }), { clock })

    const watched = await client.watch([], { timeoutMs: 100 })
    await clock.advance(1000)
    await Promise.all([happen.send({ verb: VERBS.log, args: [] }), watched.receive()])
    watched.cancel()

    expect(clock.pending).toBe(0)
  })

  it('is what is left of it where the call is handed on', async () => {
    const clock = new FakeClock()
    const { promise, resolve } = Promise.withResolvers<Call>()
    const last = reference(async (call) => {
      resolve(call)
      await call.ack()
      await call.end()
    }, { clock })
    const first = reference(async (call) => {
      await clock.advance(30)
      await call.forward(last)
    }, { clock })

    await new Client(first, { clock, meta: { traceparent: '00-1' } }).start([], { timeoutMs: 100 })

    expect((await promise).meta).toEqual({ traceparent: '00-1', 'timeout-ms': '70' })
  })

  it.each(['', '-1', 'x', '1e3', '0x10', 'Infinity'])('is not %j', async (text) => {
    const answers = await send(reference(new Server()), { verb: VERBS.get, args: [], ret: RetPipe, meta: { 'timeout-ms': text } })

    expect((await answers.receive()).value?.args[0]).toBe('InvalidMessage')
    answers.cancel()
  })

  it('must be a time', async () => {
    await expect(new Client(new Server()).get([], { timeoutMs: NaN })).rejects.toThrow('timeoutMs must be a number of milliseconds from 0, received NaN')
  })
})

describe('the caller of a call', () => {
  it('is this process unless somebody says otherwise', async () => {
    const callers: Caller[] = []
    const handle = (call: Call): void => { callers.push(call.caller) }

    await reference(handle).send({ verb: VERBS.log, args: [] })
    await reference(handle, { caller: REMOTE }).send({ verb: VERBS.log, args: [] })
    await reference(handle).send(withCaller({ verb: VERBS.log, args: [] }, REMOTE))
    await settle()

    expect(callers).toEqual([{}, REMOTE, REMOTE])
  })

  it('reaches objects that were given out, and whoever the call is handed on to', async () => {
    const callers: Caller[] = []
    const last = reference(async (call) => {
      callers.push(call.caller)
      await call.ack()
      await call.end()
    })
    const target = reference(new Server().onSpawn(() => async (call) => call.forward(last)), { caller: REMOTE })

    const child = await new Client(target).spawn()
    await child.start()

    expect(callers).toEqual([REMOTE])
  })

  it('does not travel in a message', async () => {
    await using link = await open('over a session')
    const { promise, resolve } = Promise.withResolvers<Caller | undefined>()
    const target = await link.reach(({ message }) => { resolve(callerOf(message)) })

    await target.send(withCaller({ verb: VERBS.log, args: [] }, REMOTE))

    expect(await promise).toBeUndefined()
  })
})

describe('a caller who does not read', () => {
  it('is given up after 30 s', async () => {
    const clock = new FakeClock()
    const [answers, ret] = pipe<Message>()
    const target = reference(() => { throw new Error('no') }, { clock, maxConcurrentCalls: 1 })

    await target.send({ verb: VERBS.get, args: [], ret })
    await clock.advance(29_999)
    const before = clock.pending
    await clock.advance(1)

    expect(before).toBe(1)
    expect((await answers.closed).how).toBe('aborted')
    expect(clock.pending).toBe(0)
    await expect(new Client(target).get()).rejects.toThrow('no')
  })

  it('has bytes and objects that were for him let go of', async () => {
    const [ours, theirs] = byteStreamPair()
    const controller = new AbortController()
    const { promise, resolve } = Promise.withResolvers<void>()
    const client = new Client(new Server().onConnect(async () => {
      await promise

      return theirs
    }))

    const asked = client.connect([], { signal: controller.signal })
    await settle()
    controller.abort(new Error('gone'))
    await expect(asked).rejects.toThrow('gone')
    resolve()

    await expect(ours.read()).rejects.toMatchObject({ code: 'StreamReset' })
  })
})

describe('bytes that nobody handles', () => {
  it.each(['request', 'one-way message'])('of a %s are reset, so that whoever writes them does not wait', async (kind) => {
    const [ours, theirs] = byteStreamPair()
    const request = { verb: VERBS.file, args: ['stdout'], att: theirs } as const

    if (kind === 'request') {
      (await send(reference(new Server()), { ...request, ret: RetPipe })).cancel()
    } else {
      await reference(new Server()).send(request)
    }

    await expect(ours.read()).rejects.toMatchObject({ code: 'StreamReset' })
  })

  it('are left to whoever they were handed on to', async () => {
    const [ours, theirs] = byteStreamPair()
    const { promise, resolve } = Promise.withResolvers<string | undefined>()
    const last = reference(async ({ att }) => { resolve(await att?.text()) })
    const first = reference(async (call) => {
      await call.forward(last)
      throw new Error('too late')
    })

    await first.send({ verb: VERBS.file, args: ['stdout'], att: theirs })
    await settle()
    await ours.end('bytes')

    expect(await promise).toBe('bytes')
    ours.reset()
  })
})

describe('onError of serve', () => {
  it('is told what nobody else is', async () => {
    const onError = vi.fn()
    const [receiver, sender] = pipe<Message>()
    const served = serve({ handle: () => { throw new Error('handled badly') }, close: () => { throw new Error('closed badly') } }, receiver, { onError, caller: REMOTE })

    await sender.send({ verb: VERBS.log, args: [] })
    await sender.send({} as unknown as Message)
    await sender.close()

    expect(await served).toEqual({ how: 'closed' })
    expect(onError.mock.calls.map(([{ message }, context]) => [message, context])).toEqual([
      ['handled badly', { verb: 'log', caller: REMOTE }],
      ['wanted a verb from 0 (ack) to 12 (watch), received undefined', { caller: REMOTE }],
      ['closed badly', { caller: REMOTE }]
    ])
  })
})
