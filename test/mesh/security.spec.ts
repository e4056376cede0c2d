import { describe, expect, it } from 'vitest'
import { pipe } from '../../src/channel/index.ts'
import { Client, LOCAL, reference, serve, Server, ServiceError, VERBS, withCaller } from '../../src/service/index.ts'
import { meshNode } from '../support/mesh-nodes.ts'
import { until } from '../support/until.ts'
import type { Sender } from '../../src/channel/index.ts'
import type { Call, Message } from '../../src/service/index.ts'
import type { MeshNode } from '../support/mesh-nodes.ts'

/** Tells who asks. */
function mirror (name = 'mirror'): Server {
  return new Server(name)
    .onGet((_, call: Call) => call.caller.peer ?? null)
    .onSpawn(() => mirror())
}

async function pair (): Promise<{ near: MeshNode, far: MeshNode, root: Client }> {
  const [near, far] = [await meshNode(), await meshNode()]

  return { near, far, root: new Client(await near.mesh.peer(far.address)) }
}

/** Asks by hand. The answer, whatever it is. */
async function ask (target: Sender<unknown>, fields: object): Promise<unknown> {
  const [answers, ret] = pipe<Message>()

  await target.send({ ...fields, ret })

  return (await answers.receive()).value
}

describe('who a message is from', () => {
  it('is the peer of its connection, whatever the message says', async () => {
    const { near, far, root } = await pair()

    far.mesh.export('mirror', mirror(), { allow: '*' })

    const { target } = await root.child('mirror')
    const forged = { verb: VERBS.get, args: [], caller: {}, peer: far.id, from: far.id, 'Symbol(caller)': { peer: far.id }, meta: { caller: far.id } }

    expect(await ask(target, withCaller(forged, LOCAL))).toMatchObject({ args: [JSON.stringify(near.id)] })
    expect(await ask(target, withCaller(forged, { peer: far.id }))).toMatchObject({ args: [JSON.stringify(near.id)] })
  })

  it('is the peer too where an object gives out a channel of its own', async () => {
    const { near, far, root } = await pair()
    const [receiver, sender] = pipe<Message>()

    void serve(mirror(), receiver) // as for callers of this process
    far.mesh.export('outer', new Server().onAttach(() => sender.dup()), { allow: '*' })

    expect(await (await root.child('outer/inner')).get()).toBe(near.id)
    await sender.close()
  })

  it('is the peer too where a reference is exported', async () => {
    const { near, far, root } = await pair()
    const inner = reference(mirror())

    far.mesh.export('inner', inner, { allow: '*' })

    expect(await (await root.child('inner')).get()).toBe(near.id)
    await inner.close()
  })

  it('is the peer too in what it says by itself, wherever that is sent on to', async () => {
    const { far, root } = await pair()
    const [receiver, sender] = pipe<Message>()

    void serve(mirror(), receiver)
    far.mesh.export('asks', new Server().onWatch(async function * () {
      const [answers, ret] = pipe<Message>()

      yield { verb: VERBS.get, args: [], ret }
      yield { verb: VERBS.log, args: (await answers.receive()).value?.args ?? [] }
    }), { allow: '*' })

    const asks = await (await root.child('asks')).watch()
    const { value: request } = await asks.receive()

    await sender.send(request ?? expect.unreachable('it asks'))

    expect((await asks.receive()).value).toMatchObject({ args: [JSON.stringify(far.id)] })
    await sender.close()
  })

  it('is the peer of this connection, where that passes on what another peer asks of it', async () => {
    const [near, between, far] = [await meshNode(), await meshNode(), await meshNode()]

    far.mesh.export('mirror', mirror(), { allow: [between.id] })

    const { target } = await new Client(await between.mesh.peer(far.address)).child('mirror')

    between.mesh.export('passed', target, { allow: [near.id] })

    expect(await (await new Client(await near.mesh.peer(between.address)).child('passed')).get()).toBe(between.id)
    await expect(new Client(await near.mesh.peer(far.address)).child('mirror')).rejects.toMatchObject({ code: 'PermissionDenied' })
  })
})

describe('an exported service', () => {
  it('is for nobody, unless it is said who may use it', async () => {
    const { far, root } = await pair()

    far.mesh.export('mirror', mirror())

    expect(await root.ls()).toEqual([])
    await expect(root.child('mirror')).rejects.toMatchObject({ code: 'PermissionDenied' })
    await expect(root.child('')).rejects.toMatchObject({ code: 'PermissionDenied' })
    await expect(root.child('/mirror')).rejects.toMatchObject({ code: 'PermissionDenied' })
    await expect(root.child('__proto__')).rejects.toMatchObject({ code: 'PermissionDenied' })
  })

  it('is not for everybody when it is privileged', async () => {
    const far = await meshNode()

    expect(() => { far.mesh.export('exec', mirror(), { allow: '*', privileged: true }) }).toThrow(expect.objectContaining({ code: 'InvalidConfig' }))
    expect(far.mesh.exports()).toEqual([])
  })

  it('is for peers by their names, if their IDs are known', async () => {
    const near = await meshNode()
    const far = await meshNode({ peers: { friend: near.address, stranger: '/ip4/127.0.0.1/tcp/1' } })

    far.mesh.export('mirror', mirror(), { allow: ['friend'], privileged: true })

    expect(await new Client(await near.mesh.peer(far.address)).ls()).toEqual(['mirror'])
    expect(far.mesh.exports()).toEqual([{ name: 'mirror', allow: ['friend'] }])
    expect(() => { far.mesh.export('other', mirror(), { allow: ['stranger'] }) }).toThrow('wanted a peer ID, or a name of a peer whose ID is known, received "stranger"')
    expect(() => { far.mesh.export('other', mirror(), { allow: ['nobody'] }) }).toThrow(expect.objectContaining({ code: 'InvalidConfig' }))
    expect(() => { far.mesh.export('a/b', mirror()) }).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
  })

  it('lives on when a peer has gone, however that leaves', async () => {
    const { near, far, root } = await pair()
    let closes = 0
    const object = mirror().onClose(() => { closes++ })
    const inner = reference(object)

    far.mesh.export('object', object, { allow: '*' })
    far.mesh.export('reference', inner, { allow: '*' })

    for (const name of ['object', 'reference']) {
      await (await root.child(name)).close()
      ;(await root.child(name)).target.abort('enough')
      await (await root.child(name)).get()
    }

    await near.mesh.swarm.close()
    await until(() => far.mesh.sessions().length === 0)

    expect(closes).toBe(0)
    expect(await new Client(inner).get()).toBeNull()
    await inner.close()
  })

  it('tells of what it refuses by itself, and of what objects that it gave refuse', async () => {
    const { near, far, root } = await pair()
    const strict = new Server().onStart(refuse).onSpawn(() => new Server().onConnect(refuse))

    far.mesh.export('strict', strict, { allow: '*' })

    const service = await root.child('strict')

    await expect(service.start()).rejects.toMatchObject({ code: 'PermissionDenied', message: 'not for you' })
    await expect((await service.spawn()).connect()).rejects.toMatchObject({ code: 'PermissionDenied' })
    await expect(service.stop()).rejects.toMatchObject({ code: 'NotImplemented' })
    expect(far.refusals).toEqual([
      { peer: near.id, service: 'strict', verb: 'start' },
      { peer: near.id, service: 'strict', verb: 'connect' }
    ])
  })
})

function refuse (): never {
  throw new ServiceError('PermissionDenied', 'not for you')
}
