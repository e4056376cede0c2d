import { describe, expect, it } from 'vitest'
import { createHost } from '../../src/backends/index.ts'
import { pipe } from '../../src/channel/index.ts'
import { Client, LOCAL, reference, serve, Server, ServiceError, Tree } from '../../src/service/index.ts'
import { settle } from '../support/fake-clock.ts'
import { hear } from './stage.ts'
import type { Said } from './stage.ts'
import type { Receiver } from '../../src/channel/index.ts'
import type { Message, Reference } from '../../src/service/index.ts'

const signal = new AbortController().signal

interface Passing extends AsyncDisposable {
  readonly object: Client
  readonly input: Client
  readonly said: Promise<Said>
}

/** A stage that passes on to the peer berlin, started. */
async function passing (line: string, root: () => Reference): Promise<Passing> {
  const host = createHost({
    peer: async (peer) => {
      if (peer !== 'berlin') {
        throw new ServiceError('Unavailable', `${peer} is not there`)
      }

      return root()
    }
  })
  const object = new Client((await host.launch(line, { caller: LOCAL, signal })).object)
  const { input, output } = await object.attach()
  const said = hear(output)

  await object.start()

  if (input == null) {
    throw new Error('the stage gave no input')
  }

  return {
    object,
    input,
    said,
    async [Symbol.asyncDispose] () {
      await input.close().catch(() => {}) // it may have been closed
      await object.stop()
      await object.close()
      await said
    }
  }
}

function exported (): Tree {
  const web = new Server('web').onGet(() => ({ name: 'web' }))

  return new Tree({ docker: new Tree({ web }), web })
}

describe('peer', () => {
  it('passes everything to the tree of a peer', async () => {
    await using stage = await passing('peer berlin', () => reference(exported()))

    expect(await stage.input.ls()).toEqual(['docker', 'web'])
  })

  it('passes everything to an object in it', async () => {
    await using stage = await passing('peer berlin docker', () => reference(exported()))
    await using deep = await passing('peer berlin docker/web', () => reference(exported()))

    expect(await stage.input.ls()).toEqual(['web'])
    expect(await deep.input.get()).toEqual({ name: 'web' })
  })

  it('ends with its input, and gives its reference back', async () => {
    let hasClosed = false

    await using stage = await passing('peer berlin', () => reference(new Server('root').onClose(() => { hasClosed = true })))

    await stage.input.close()

    expect((await stage.said).exit).toEqual({ code: 0 })
    await settle()
    expect(hasClosed).toBe(true)
  })

  it('gives its reference back when it is stopped, or was never started', async () => {
    let closed = 0
    const root = (): Reference => reference(new Server('root').onClose(() => { closed++ }))
    const started = await passing('peer berlin', root)
    const host = createHost({ peer: async () => root() })
    const unstarted = await host.launch('peer berlin', { caller: LOCAL, signal })

    await started[Symbol.asyncDispose]()
    await started.object.close()
    await unstarted.object.close()
    await settle()

    expect(closed).toBe(2)
  })

  it('fails when the peer is lost', async () => {
    const [root, given] = lossy()

    await using stage = await passing('peer berlin', () => given)

    await settle()
    root.cancel('the wire was cut')

    const { errors, exit } = await stage.said

    expect(errors).toMatchObject([{ code: 'Unavailable', message: expect.stringContaining('lost peer berlin') }])
    expect(exit).toEqual({ code: 1 })
  })

  it('does not take an input that was cut off for an end', async () => {
    const [root, given] = lossy()
    const served = serve(exported(), root)

    await using stage = await passing('peer berlin', () => given)

    stage.input.target.abort('the stage before it was lost')

    expect((await stage.said).exit).toEqual({ code: 1 })
    expect((await served).how).toBe('aborted')
  })

  it.each([
    ['peer', 'InvalidArgument', /usage: peer TARGET/],
    ['peer berlin a b', 'InvalidArgument', /received berlin a b/],
    ['peer paris', 'Unavailable', /paris is not there/],
    ['peer berlin nothing', 'NotFound', /no child "nothing"/]
  ])('refuses %s', async (line, code, message) => {
    await expect(passing(line, () => reference(exported()))).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  })

  it('is refused to remote callers, who would speak in our name', async () => {
    await expect(createHost().launch('peer berlin', { caller: { peer: 'x' }, signal })).rejects.toMatchObject({ code: 'PermissionDenied' })
  })
})

function lossy (): [Receiver<Message>, Reference] {
  return pipe<Message>()
}
