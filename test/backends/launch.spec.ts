import { describe, expect, it } from 'vitest'
import { BACKENDS, backendService, backendTree, createHost, helpOf, parseLine, stageName } from '../../src/backends/index.ts'
import { Client, defineBackend, LOCAL, reference, Server, ServiceError, serving } from '../../src/service/index.ts'
import { settle } from '../support/fake-clock.ts'
import type { Host } from '../../src/backends/index.ts'
import type { Caller, Service, Tree } from '../../src/service/index.ts'

const signal = new AbortController().signal
const REMOTE: Caller = { peer: '12D3KooWRemote' }

describe('parseLine', () => {
  it.each([
    ['exec grep -e "a b"', { words: ['exec', 'grep', '-e', 'a b'] }],
    ['exec zcat big.gz @12D3KooW', { words: ['exec', 'zcat', 'big.gz'], peer: '12D3KooW' }],
    ['exec ls @/ip4/127.0.0.1/tcp/1 ', { words: ['exec', 'ls'], peer: '/ip4/127.0.0.1/tcp/1' }],
    ['exec mail @x me', { words: ['exec', 'mail', '@x', 'me'] }],
    ["exec mail '@x'", { words: ['exec', 'mail', '@x'] }],
    ['exec mail "@x"', { words: ['exec', 'mail', '@x'] }],
    ['exec mail \\@x', { words: ['exec', 'mail', '@x'] }],
    ["exec sh -c 'mail @x'", { words: ['exec', 'sh', '-c', 'mail @x'] }],
    ['exec mail me@x', { words: ['exec', 'mail', 'me@x'] }]
  ])('reads %s', (line, parsed) => {
    expect(parseLine(line)).toEqual(parsed)
  })

  it.each([
    ['', /received an empty line/],
    ['   ', /received an empty line/],
    ['@berlin', /wanted a backend and its arguments/],
    ['exec ls @', /wanted a peer behind @/],
    ["exec 'ls", /wanted quotes to be closed/]
  ])('refuses %j', (line, message) => {
    expect(() => parseLine(line)).toThrow(expect.objectContaining({ code: 'InvalidArgument', message: expect.stringMatching(message) }))
  })
})

describe('the name of a stage', () => {
  it.each([
    ["exec grep 'a b' @berlin", "exec grep 'a b' @berlin"],
    ['exec curl --token abc --user-password=def', "exec curl --token '***' '--user-password=***'"],
    ['exec env API_KEY=abc PATH=/bin', "exec env 'API_KEY=***' PATH=/bin"],
    ['websocket wss://me:secret@example.org/x', "websocket 'wss://me:***@example.org/x'"],
    ["exec echo 'it'\\''s'", "exec echo 'it'\\''s'"]
  ])('of %s has no secrets', (line, name) => {
    expect(stageName(parseLine(line)).replaceAll("'", '')).toBe(name.replaceAll("'", ''))
  })

  it('is short', () => {
    expect(stageName({ words: ['exec', 'x'.repeat(10_000)] })).toHaveLength(256)
  })
})

describe('launch', () => {
  it('spawns a backend here', async () => {
    const stage = await createHost().launch('simulator web', { caller: LOCAL, signal })

    await using object = new Client(stage.object)

    expect(stage.name).toBe('simulator web')
    expect(await object.get('status')).toEqual({ state: 'created' })
  })

  it.each([
    ['simulater web', 'NotFound', /^there is no backend "simulater", did you mean simulator\? There are: aggregate, /],
    ['frobnicate', 'NotFound', /^there is no backend "frobnicate"\. There are: /],
    ['simulator --help', 'InvalidArgument', /swarmd simulator --help/],
    ['simulator @berlin', 'NotImplemented', /cannot reach berlin: there is no swarm here/]
  ])('refuses %s', async (line, code, message) => {
    await expect(createHost().launch(line, { caller: LOCAL, signal })).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  })

  it('takes a path for a handler', async () => {
    const spawned: string[][] = []
    const handler = defineBackend({
      name: 'handler',
      summary: 'runs',
      usage: 'FILE',
      spawn (args) {
        spawned.push([...args])

        return serving(new Server('x'))
      }
    })
    const host = createHost({ backends: [handler] })

    for (const line of ['./a.js x', '../b --c', '/d', 'e.mjs', 'f.ts']) {
      await using object = new Client((await host.launch(line, { caller: LOCAL, signal })).object)

      expect(object).toBeDefined()
    }

    expect(spawned).toEqual([['./a.js', 'x'], ['../b', '--c'], ['/d'], ['e.mjs'], ['f.ts']])
  })

  it('passes --help on when it is not for the backend', async () => {
    const stage = await createHost().launch('exec grep --help', { caller: LOCAL, signal })

    await using object = new Client(stage.object)

    expect(stage.name).toBe('exec grep --help')
    expect(await object.get('status')).toMatchObject({ state: 'created' })
  })

  it('ends what was made when its only reference is closed', async () => {
    let hasClosed = false
    const thing = defineBackend({ name: 'thing', summary: 'is', usage: '', spawn: (): Service => new Server('x').onClose(() => { hasClosed = true }) })
    const stage = await createHost({ backends: [thing] }).launch('thing', { caller: LOCAL, signal })

    await stage.object.close()
    await settle()

    expect(hasClosed).toBe(true)
  })

  it('ends what comes too late for who asked', async () => {
    let hasClosed = false
    const spawning = Promise.withResolvers<Service>()
    const slow = defineBackend({ name: 'slow', summary: 'is slow', usage: '', spawn: async () => spawning.promise })
    const giveUp = new AbortController()
    const launching = createHost({ backends: [slow] }).launch('slow', { caller: LOCAL, signal: giveUp.signal })

    await settle()
    giveUp.abort(new Error('enough'))
    await expect(launching).rejects.toThrow('enough')
    spawning.resolve(new Server('x').onClose(() => { hasClosed = true }))
    await settle()

    expect(hasClosed).toBe(true)
  })
})

describe('launch at a peer', () => {
  /** A host whose peer berlin has the given objects. */
  function knowing (root: Tree, allows?: Host['allows']): Host {
    return createHost({
      ...(allows == null ? {} : { allows }),
      peer: async (peer) => {
        if (peer !== 'berlin') {
          throw new ServiceError('Unavailable', `no ${peer}`)
        }

        return reference(root, { caller: REMOTE })
      }
    })
  }

  it('spawns what the peer has by that name, and gives the reference to it', async () => {
    const host = knowing(backendTree(createHost()))
    const stage = await host.launch('simulator web @berlin', { caller: LOCAL, signal })

    await using object = new Client(stage.object)

    expect(stage.name).toBe('simulator web @berlin')
    expect(await object.get('status')).toEqual({ state: 'created' })
  })

  it('says where it was refused', async () => {
    const host = knowing(backendTree(createHost()))

    await expect(host.launch('exec ls @berlin', { caller: LOCAL, signal })).rejects.toMatchObject({
      code: 'PermissionDenied',
      message: 'cannot spawn exec at berlin: peer 12D3KooWRemote may not spawn exec: it is not on its list'
    })
    await expect(host.launch('nothing @berlin', { caller: LOCAL, signal })).rejects.toMatchObject({ code: 'NotFound' })
    await expect(host.launch('exec ls @paris', { caller: LOCAL, signal })).rejects.toMatchObject({ code: 'Unavailable' })
  })

  it('does not lend its name to remote callers, unless they are allowed peer', async () => {
    const tree = backendTree(createHost())
    const allowed = knowing(tree, (backend) => backend === 'peer')

    await expect(knowing(tree).launch('simulator @berlin', { caller: REMOTE, signal })).rejects.toMatchObject({ code: 'PermissionDenied' })

    await using object = new Client((await allowed.launch('simulator @berlin', { caller: REMOTE, signal })).object)

    expect(await object.get('status')).toEqual({ state: 'created' })
  })
})

describe('a backend as a service', () => {
  const exec = BACKENDS.find(({ name }) => name === 'exec')

  it('tells what it is', async () => {
    await using client = new Client(backendTree(createHost()))
    await using simulator = await client.child('simulator')

    expect(await client.ls()).toEqual(BACKENDS.map(({ name }) => name))
    expect(await simulator.get()).toMatchObject({ name: 'simulator', usage: '[NAME...]', isPrivileged: false })
  })

  it('refuses remote callers what is privileged, unless they are allowed', async () => {
    if (exec == null) {
      throw new Error('there is no exec')
    }

    const asked: unknown[] = []
    const allowing = createHost({
      allows (backend, caller) {
        asked.push([backend, caller])

        return true
      }
    })

    await using refused = new Client(reference(backendService(exec, createHost()), { caller: REMOTE }))
    await using allowed = new Client(reference(backendService(exec, allowing), { caller: REMOTE }))
    await using local = new Client(backendService(exec, createHost()))

    await expect(refused.spawn('true')).rejects.toMatchObject({ code: 'PermissionDenied', message: 'peer 12D3KooWRemote may not spawn exec: it is not on its list' })
    await (await allowed.spawn('true')).close()
    await (await local.spawn('true')).close()

    expect(asked).toEqual([['exec', REMOTE]])
  })
})

describe('the help of a backend', () => {
  it.each(BACKENDS.map((backend) => [backend.name, backend] as const))('%s says how to use it, in lines of at most 100 characters', (name, backend) => {
    const help = helpOf(backend)

    expect(help).toMatch(new RegExp(`^Usage: ${name}( |\n)`))
    expect(help.split('\n\n')[1]).toMatch(/^[A-Z].*\.$/s)
    expect(help.endsWith('\n')).toBe(true)
  })

  it('lists options and examples', () => {
    const help = helpOf(defineBackend({
      name: 'x',
      summary: 'does it',
      usage: '[--fast]',
      description: ['One.', 'Two.'],
      options: { '--fast': 'do it now' },
      examples: ["swarmd 'x --fast'"],
      isPrivileged: true,
      spawn: () => new Server('x')
    }))

    expect(help).toBe(`Usage: x [--fast]

Does it.

One.

Two.

Other peers may spawn it only if they are on its list.

Options:
  --fast  do it now

Examples:
  swarmd 'x --fast'
`)
  })
})

it('there is one backend of each name, in their order', () => {
  const names = BACKENDS.map(({ name }) => name)

  expect(names).toEqual([...new Set(names)].sort())
})
