import { describe, expect, it } from 'vitest'
import { byteStreamPair, pipe } from '../../src/channel/index.ts'
import { Client, createClient, filter, pipeline, reference, Server, service, serving, tap, tapped, tee, VERBS } from '../../src/service/index.ts'
import { meshNode } from '../support/mesh-nodes.ts'
import { until } from '../support/until.ts'
import type { ChannelEnd, Receiver, Sender } from '../../src/channel/index.ts'
import type { MeshInit } from '../../src/mesh/index.ts'
import type { Message, ServiceLike, Task } from '../../src/service/index.ts'
import type { MeshNode } from '../support/mesh-nodes.ts'

/** More than a message may have. */
const TOO_MANY_BYTES = 40 * 1024 * 1024

async function scene (init: MeshInit = {}): Promise<{ near: MeshNode, far: MeshNode, root: Client }> {
  const [near, far] = [await meshNode(), await meshNode(init)]

  return { near, far, root: new Client(await near.mesh.peer(far.address)) }
}

const secret = new Server('secret').onGet(() => 'data')

describe('what a typed service gives to a peer', () => {
  const ended: Record<string, ChannelEnd['how']> = {}
  const given: Record<string, Sender<unknown>> = {}
  const open = (name: string): Receiver<unknown> => {
    const [receiver, sender] = pipe<unknown>()

    given[name] = sender
    void sender.closed.then(({ how }) => { ended[name] = how })

    return receiver
  }
  const treasury = service({
    ticks: () => open('ticks'),
    nested: () => ({ deep: [{ ticks: open('nested') }] }),
    bytes: () => {
      const [stream, far] = byteStreamPair()

      void far.write(Uint8Array.of(1)).catch(() => {})

      return stream
    },
    object: () => ({ ref: reference(secret) }),
    objects: (count: number) => Array.from({ length: count }, () => reference(secret)),
    keep: ({ to }: { to: Sender<unknown> }) => {
      given['kept'] = to
      void to.closed.then(({ how }) => { ended['kept'] = how })
    },
    large: () => ({ rows: open('large'), preview: new Uint8Array(TOO_MANY_BYTES) }),
    wait: async () => new Promise<number>((resolve) => { resolvers.push(resolve) })
  })
  const resolvers: Array<(value: number) => void> = []

  it('ends when the service is withdrawn: channels, those within others, bytes and objects', async () => {
    const { near, far, root } = await scene()

    far.mesh.export('treasury', treasury, { allow: [near.id] })

    const client = createClient<typeof treasury>(await root.child('treasury'))
    const [ticks, nested, bytes, { ref }] = [await client.ticks(), await client.nested(), await client.bytes(), await client.object()]
    const object = new Client(ref)
    const [kept, sender] = pipe<unknown>()

    await client.keep({ to: sender })
    await given['ticks']?.send(1)

    expect((await ticks.receive()).value).toBe(1)
    expect(await bytes.read()).toEqual(Uint8Array.of(1))
    expect(await object.get()).toBe('data')

    far.mesh.withdraw('treasury')

    await expect(ticks.receive()).rejects.toThrow('the service treasury was withdrawn')
    await expect(nested.deep[0]?.ticks.receive()).rejects.toThrow('the service treasury was withdrawn')
    await expect(bytes.read()).rejects.toMatchObject({ code: 'StreamReset' })
    await expect(kept.receive()).rejects.toThrow('the service treasury was withdrawn')
    await expect(object.get()).rejects.toThrow()
    await until(() => ended['ticks'] === 'cancelled' && ended['nested'] === 'cancelled' && ended['kept'] === 'cancelled', 'the service to hear of it')
    expect(far.mesh.stat().references).toBe(0)
  })

  it('counts as references, and is given back', async () => {
    const { near, far, root } = await scene({ maxReferencesPerPeer: 10 })

    far.mesh.export('treasury', treasury, { allow: [near.id] })

    await using client = createClient<typeof treasury>(await root.child('treasury'))
    const objects = await client.objects(8)

    expect(far.mesh.stat().references).toBe(9)
    await expect(client.objects(2)).rejects.toMatchObject({ message: expect.stringContaining('maxReferencesPerPeer') as string })
    expect(far.mesh.stat().references).toBe(9)

    await Promise.all(objects.map(async (object) => (object as Sender<unknown>).close()))
    await until(() => far.mesh.stat().references === 1, 'the references to be given back')

    expect(await client.objects(9)).toHaveLength(9)
  })

  it.each<[string, (object: ServiceLike) => ServiceLike]>([
    ['as it is', (object) => object],
    ['behind a tap', (object) => tapped(object, () => {})]
  ])('fails one call alone when it cannot be sent, %s, and what is in it ends', async (_, wrapped) => {
    const { near, far, root } = await scene()

    far.mesh.export('treasury', wrapped(treasury), { allow: [near.id] })

    await using client = createClient<typeof treasury>(await root.child('treasury'))
    const waits = client.wait()

    waits.catch(() => {})
    await expect(client.large()).rejects.toMatchObject({ code: 'ServiceFailed', message: expect.stringContaining('cannot be sent') as string })
    await until(() => ended['large'] === 'cancelled' || ended['large'] === 'aborted', 'the channel in it to end')
    resolvers.forEach((resolve) => { resolve(5) })

    expect(await waits).toBe(5)
  })
})

describe('a service for everybody', () => {
  it('remembers nothing of who has asked it one-way and left', async () => {
    const { near, far, root } = await scene()
    let asked = 0

    far.mesh.export('open', new Server('open').onAttach(() => {
      asked++

      return { input: reference(secret) }
    }), { allow: '*' })

    await root.target.send({ verb: VERBS.attach, args: ['open/x'] })
    await until(() => asked === 1, 'the service to be asked')
    await near.mesh.close()

    await until(() => far.mesh.stat().sessions === 0, 'the peer to be gone')

    expect(far.mesh.stat()).toEqual({ sessions: 0, references: 0, grants: 0 })
  })
})

describe('a request of a peer', () => {
  const who = (): Task => serving(new Server('who').onGet((_, { caller }) => caller.peer ?? 'this process'))
  const lower = (): Task => filter(({ verb, args, ret }) => ({ verb, args: args.map((arg) => arg.toLowerCase()), ...(ret == null ? {} : { ret }) }))

  it.each<[string, () => Task[]]>([
    ['a filter that writes new messages', () => [lower(), who()]],
    ['a filter that passes them', () => [filter((message) => message), who()]],
    ['a tap', () => [tap(() => {}), who()]],
    ['a tee', () => [tee([]), who()]]
  ])('is that of the peer behind %s', async (_, stages) => {
    const { near, far, root } = await scene()
    const line = pipeline(stages().map((object, index) => ({ name: `stage ${index}`, object: reference(object) })), { keepInput: true })

    far.mesh.export('line', line, { allow: [near.id] })
    await line.start()

    const client = await root.child('line')

    expect(await client.get(['WHO'])).toBe(near.id)
    await line.stop()
  })
})

describe('a message of a peer', () => {
  it('has no other fields than those of messages, which could carry what only one listener gets', async () => {
    const { near, far, root } = await scene()
    const heard: Message[] = []
    const [, sender] = pipe<unknown>()
    const line = pipeline([{ name: 'hears', object: reference(serving(new Server().onLog((_, call) => { heard.push(call.toMessage()) }))) }], { keepInput: true })

    far.mesh.export('line', line, { allow: [near.id] })
    await line.start()

    const client = await root.child('line')

    await client.target.send({ verb: VERBS.log, args: ['info', 'one'], x: sender } as unknown as Message)
    await until(() => heard.length === 1, 'the message to come')

    expect(Object.keys(heard[0] ?? {})).not.toContain('x')
    await line.stop()
  })
})
