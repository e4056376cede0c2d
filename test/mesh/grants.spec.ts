import { describe, expect, it } from 'vitest'
import { byteStreamPair, pipe } from '../../src/channel/index.ts'
import { createChannels, SERVICES_PROTOCOL } from '../../src/mesh/index.ts'
import { Client, createClient, Server, service, task, VERBS } from '../../src/service/index.ts'
import { meshNode } from '../support/mesh-nodes.ts'
import { until } from '../support/until.ts'
import type { ByteStream } from '../../src/channel/index.ts'
import type { MeshInit } from '../../src/mesh/index.ts'
import type { CallContext, Message } from '../../src/service/index.ts'
import type { MeshNode } from '../support/mesh-nodes.ts'

interface Scene {
  near: MeshNode
  far: MeshNode
  root: Client
}

async function scene (init: MeshInit = {}): Promise<Scene> {
  const [near, far] = [await meshNode(), await meshNode(init)]

  return { near, far, root: new Client(await near.mesh.peer(far.address)) }
}

/** Spawns tasks that run until they are stopped; `stopped` has one entry for each that was. */
function factory (stopped: string[]): Server {
  return new Server('factory')
    .onGet(() => 'here')
    .onSpawn(([name = '']) => task(async ({ signal, output }) => {
      await output.send({ verb: VERBS.log, args: ['runs'] })
      await new Promise((resolve) => { signal.addEventListener('abort', resolve) })
      stopped.push(name)
    }))
}

describe('a typed service', () => {
  const clock = service({
    double: (n: number) => n * 2,
    who: (_: undefined, { caller }: CallContext) => caller.peer,
    count: async function * (to: number) {
      for (let n = 1; n <= to; n++) {
        yield n
      }
    },
    wait: async (_: undefined, { signal }: CallContext) => new Promise<void>((_resolve, reject) => { signal.addEventListener('abort', () => { reject(signal.reason) }) })
  })

  it('is called by the peers that may use it, and knows them', async () => {
    const { near, far, root } = await scene()

    far.mesh.export('clock', clock, { allow: [near.id] })

    await using client = createClient<typeof clock>(await root.child('clock'))
    const counted = []

    for await (const n of client.count(1000)) {
      counted.push(n)
    }

    expect(await client.double(21)).toBe(42)
    expect(await client.who()).toBe(near.id)
    expect(counted).toHaveLength(1000)
  })

  it('ends the calls that are open when it is withdrawn', async () => {
    const { near, far, root } = await scene()

    far.mesh.export('clock', clock, { allow: [near.id] })

    await using client = createClient<typeof clock>(await root.child('clock'))

    expect(await client.double(1)).toBe(2)

    const waiting = client.wait()

    far.mesh.withdraw('clock')

    await expect(waiting).rejects.toMatchObject({ code: 'Unavailable' })
    await expect(client.double(1)).rejects.toMatchObject({ code: 'Unavailable' })
    await until(() => far.mesh.stat().references === 0)
  })
})

describe('a service that is withdrawn', () => {
  it('ends the references to it, and what it gave out', async () => {
    const { near, far, root } = await scene()
    const stopped: string[] = []

    far.mesh.export('factory', factory(stopped), { allow: [near.id] })
    far.mesh.export('other', factory(stopped), { allow: [near.id] })

    const service = await root.child('factory')
    const other = await root.child('other')
    const spawned = await service.spawn('one')
    const { output } = await spawned.attach()

    await spawned.start()
    expect((await output.receive()).value).toMatchObject({ args: ['runs'] })

    expect(far.mesh.withdraw('factory')).toBe(true)

    await expect(output.receive()).rejects.toMatchObject({ code: 'ChannelAborted', reason: { code: 13, message: 'the service factory was withdrawn' } })
    await until(() => stopped.length > 0)
    await service.target.closed
    await expect(service.get()).rejects.toMatchObject({ code: 'ChannelCancelled', reason: { code: 13, message: 'the service factory was withdrawn' } })
    await expect(spawned.get('status')).rejects.toMatchObject({ code: 'ChannelCancelled' })
    await expect(root.child('factory')).rejects.toMatchObject({ code: 'PermissionDenied' })
    expect(stopped).toEqual(['one'])
    expect(await other.get()).toBe('here')
    expect(far.mesh.withdraw('factory')).toBe(false)
  })

  it('ends requests that are being answered', async () => {
    const { far, root } = await scene()
    const asked = Promise.withResolvers<AbortSignal>()

    far.mesh.export('slow', new Server().onGet(async (_, { signal }) => {
      asked.resolve(signal)
      await new Promise((resolve) => { signal.addEventListener('abort', resolve) })
    }), { allow: '*' })

    const answer = (await root.child('slow')).get()
    const signal = await asked.promise

    far.mesh.withdraw('slow')

    await expect(answer).rejects.toMatchObject({ code: 'ChannelAborted' })
    expect(signal.aborted).toBe(true)
  })
})

describe('bytes of a service', () => {
  it('are cut off when it is withdrawn, in what it gave and in what it was given', async () => {
    const { far, root } = await scene()
    const [inner, given] = byteStreamPair()
    const taken = Promise.withResolvers<ByteStream | undefined>()

    far.mesh.export('tunnel', new Server()
      .onConnect(() => given)
      .onVerb(VERBS.file, ({ att }) => { taken.resolve(att) }), { allow: '*' })

    const service = await root.child('tunnel')
    const bytes = await service.connect()
    const [mine, sent] = byteStreamPair()

    await service.target.send({ verb: VERBS.file, args: ['up'], att: sent })
    await bytes.write('ping')
    await mine.write('up')

    expect(await inner.read()).toEqual(new TextEncoder().encode('ping'))
    expect(await (await taken.promise)?.read()).toEqual(new TextEncoder().encode('up'))

    far.mesh.withdraw('tunnel')

    for (const cut of [bytes, mine, inner, await taken.promise]) {
      expect(await cut?.closed).toMatchObject({ code: 'StreamReset' })
    }
  })

  it('keep their two directions and ends apart', async () => {
    const { far, root } = await scene()
    const [inner, given] = byteStreamPair()

    far.mesh.export('tunnel', new Server().onConnect(() => given), { allow: '*' })

    const bytes = await (await root.child('tunnel')).connect()

    await bytes.end('question')
    expect(await inner.text()).toBe('question')
    await inner.end('answer')

    expect(await bytes.text()).toBe('answer')
    expect([await bytes.closed, await inner.closed]).toEqual([undefined, undefined])
  })
})

describe('an answer that cannot be sent', () => {
  it('is an error, and the next one is heard', async () => {
    const { far, root } = await scene({ limits: { maxMessageBytes: 10_000 } })

    far.mesh.export('talker', new Server().onGet(([size]) => 'x'.repeat(Number(size))), { allow: '*' })

    const service = await root.child('talker')

    await expect(service.get('20000')).rejects.toMatchObject({ code: 'MessageTooLarge' })
    expect(await service.get('3')).toBe('xxx')
  })
})

describe('a service that is exported again', () => {
  it('stays with the peers that may still use it, and ends for others', async () => {
    const { near, far, root } = await scene()
    const third = await meshNode()
    const object = factory([])

    far.mesh.export('factory', object, { allow: [near.id, third.id] })

    const [stays, goes] = [await root.child('factory'), await new Client(await third.mesh.peer(far.address)).child('factory')]

    expect([await stays.get(), await goes.get()]).toEqual(['here', 'here'])
    far.mesh.export('factory', object, { allow: [near.id] })

    await goes.target.closed
    await expect(goes.get()).rejects.toMatchObject({ code: 'ChannelCancelled' })
    expect(await stays.get()).toBe('here')
  })

  it('ends for everybody when it is another object', async () => {
    const { far, root } = await scene()

    far.mesh.export('factory', factory([]), { allow: '*' })

    const old = await root.child('factory')

    far.mesh.export('factory', new Server().onGet(() => 'another'), { allow: '*' })

    await old.target.closed
    await expect(old.get()).rejects.toMatchObject({ code: 'ChannelCancelled' })
    expect(await (await root.child('factory')).get()).toBe('another')
  })
})

describe('what a peer may hold', () => {
  it('is bounded, and given back', async () => {
    const { near, far, root } = await scene({ maxReferencesPerPeer: 2 })

    far.mesh.export('factory', factory([]), { allow: '*' })

    const service = await root.child('factory')
    const spawned = await service.spawn()

    await expect(service.spawn()).rejects.toMatchObject({ code: 'ResourceLimit' })
    await expect(root.child('factory')).rejects.toMatchObject({ code: 'ResourceLimit', message: `peer ${near.id} holds 2 references, which is the most (maxReferencesPerPeer); it gets no other of factory` })
    expect(far.refusals.map(({ verb }) => verb)).toEqual(['spawn', 'attach'])

    await spawned.close()
    await until(() => far.mesh.stat().references === 1)

    await service.spawn()
  })

  it('is nothing of what it has left', async () => {
    const { near, far, root } = await scene()
    const stopped: string[] = []

    far.mesh.export('factory', factory(stopped), { allow: '*' })

    const spawned = await (await root.child('factory')).spawn('one')

    await spawned.start()
    await near.mesh.swarm.close()
    await until(() => far.mesh.stat().sessions === 0)

    expect(far.mesh.stat()).toEqual({ sessions: 0, references: 0, grants: 0 })
    expect(stopped).toEqual(['one'])
  })
})

describe('a peer that breaks the rules', () => {
  const GARBAGE = [null, 7, 'get', [], [5, []], {}, { args: ['x'] }, { verb: 99 }, { verb: -1 }, { verb: 'get' }, { verb: 5, args: 'x' }, { verb: 5, args: [7] },
    { verb: 5, args: [], ret: 'nobody' }, { verb: 5, args: [], att: 7 }, { verb: 5, args: [], meta: [] }, { verb: 5, args: [], meta: { 'timeout-ms': 'soon' } }, new Uint8Array(3)]

  it('is answered InvalidMessage where it can be, and harms nobody', async () => {
    const { far, root } = await scene()

    far.mesh.export('factory', factory([]), { allow: '*' })

    const service = await root.child('factory')
    const codes = new Set<unknown>()

    for (const target of [root.target, service.target]) {
      for (const garbage of GARBAGE) {
        await target.send(garbage as unknown as Message)
      }

      for (const garbage of [{}, { verb: 99 }, { verb: 5, args: [7] }, { verb: 5, args: [], att: 7 }]) {
        const [answers, ret] = pipe<Message>()

        await target.send({ ...garbage, ret } as unknown as Message)
        codes.add((await answers.receive()).value?.args[0])
      }
    }

    expect([...codes]).toEqual(['InvalidMessage'])
    expect(await root.ls()).toEqual(['factory'])
    expect(await service.get()).toBe('here')
  })

  it('gets one root, and every other channel refused', async () => {
    const far = await meshNode()
    const near = await meshNode()

    await near.mesh.close()
    far.mesh.export('factory', factory([]), { allow: '*' })

    const session = await createChannels(near.mesh.swarm, { protocol: SERVICES_PROTOCOL }).connect(far.address)
    const root = new Client(session.newSendChannel<Message>())
    const others = Array.from({ length: 100 }, () => session.newSendChannel())

    expect(await root.ls()).toEqual(['factory'])
    expect(new Set((await Promise.all(others.map(async ({ closed }) => closed))).map(({ how }) => how))).toEqual(new Set(['cancelled']))
    expect(await root.ls()).toEqual(['factory'])
  })

  it('and never asks for the root costs a session, and no more', async () => {
    const far = await meshNode()
    const near = await meshNode()

    await near.mesh.close()

    const session = await createChannels(near.mesh.swarm, { protocol: SERVICES_PROTOCOL, onSession: () => {} }).connect(far.address)

    await until(() => far.mesh.swarm.connections(near.id).length > 0)

    const refused = expect(new Client(await far.mesh.peer(near.id)).ls()).rejects.toMatchObject({ code: 'ChannelAborted', reason: { code: 11 } })

    await until(() => session.stat().pending === 1)
    expect(far.mesh.stat()).toEqual({ sessions: 1, references: 0, grants: 0 })
    await session.close()

    await refused
    await until(() => far.mesh.sessions().length === 0)
    expect(far.mesh.stat()).toEqual({ sessions: 0, references: 0, grants: 0 })
  })
})
