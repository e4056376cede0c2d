import { describe, expect, it } from 'vitest'
import { MAX_SUMMARIES } from '../../../src/backends/dockerserver/container-list.ts'
import { Server, ServiceError } from '../../../src/service/index.ts'
import { engineOf, serverScene } from './scene.ts'

interface Entry { Id: string, Created: number, Names: string[] | null, SizeRw?: number }

function container (entry: Entry): Server {
  return new Server('container').onGet(([what, query]) => ({ ...entry, asked: [what, query] }))
}

function listed (children: Readonly<Record<string, Server>>): Server {
  return engineOf(children).onLs(() => Object.keys(children))
}

describe('docker ps by dockerserver', () => {
  it('is empty without containers', async () => {
    const scene = await serverScene(listed({}))

    expect(await scene.ask('GET', '/containers/json')).toMatchObject({ status: 200, body: '[]' })
  })

  it('is the summary of each, newest first, by the name under which it was listed', async () => {
    const scene = await serverScene(listed({
      old: container({ Id: '1', Created: 100, Names: ['/old'] }),
      'a/web': container({ Id: '2', Created: 300, Names: ['/web'] }),
      'b/web': container({ Id: '3', Created: 200, Names: ['/link/alias', '/web'] })
    }))

    const entries = (await scene.ask('GET', '/containers/json')).json() as Entry[]

    expect(entries.map(({ Id, Names }) => [Id, Names])).toEqual([['2', ['/a/web']], ['3', ['/b/web']], ['1', ['/old']]])
  })

  it('keeps the order of the engine within a second', async () => {
    const scene = await serverScene(listed(Object.fromEntries(['d', 'a', 'c', 'b'].map((name) => [name, container({ Id: name, Created: 7, Names: null })]))))

    const entries = (await scene.ask('GET', '/containers/json')).json() as Entry[]

    expect(entries.map(({ Id }) => Id)).toEqual(['d', 'a', 'c', 'b'])
  })

  it.each([['limit=2', 2], ['limit=0', 3], ['limit=-1', 3], ['', 3]])('has, with %j, %i entries', async (query, count) => {
    const scene = await serverScene(listed(Object.fromEntries(['1', '2', '3'].map((name) => [name, container({ Id: name, Created: Number(name), Names: null })]))))

    const entries = (await scene.ask('GET', `/containers/json?${query}`)).json() as Entry[]

    expect(entries.map(({ Id }) => Id)).toEqual(['3', '2', '1'].slice(0, count))
  })

  it('passes the query to ls, and to the summaries what of it is for them', async () => {
    const asked: Array<readonly string[]> = []
    const engine = engineOf({ web: container({ Id: '1', Created: 1, Names: null }) }).onLs((args) => {
      asked.push(args)

      return ['web']
    })
    const scene = await serverScene(engine)

    const entries = (await scene.ask('GET', '/containers/json?all=1&size=1&filters=%7B%22name%22%3A%5B%22w%22%5D%7D')).json()

    expect(asked).toEqual([['all=1&size=1&filters=%7B%22name%22%3A%5B%22w%22%5D%7D']])
    expect(entries).toMatchObject([{ asked: ['summary', 'size=1'] }])
  })

  it('leaves out a container that fails, and says so in the log', async () => {
    const engine = listed({
      good: container({ Id: '1', Created: 1, Names: null }),
      bad: new Server('container').onGet(() => { throw new ServiceError('ServiceFailed', 'it burns') })
    }).onLs(() => ['gone', 'bad', 'good'])
    const scene = await serverScene(engine)

    const entries = (await scene.ask('GET', '/containers/json')).json() as Entry[]

    expect(entries.map(({ Id }) => Id)).toEqual(['1'])
    expect(scene.logs).toContain('warn: left bad out of the list of containers: it burns')
    expect(scene.logs).toContain('warn: left gone out of the list of containers: No such container: gone')
  })

  it('is no list at all when every container fails', async () => {
    const bad = new Server('container').onGet(() => { throw new ServiceError('Unavailable', 'the engine is gone') })
    const scene = await serverScene(listed({ a: bad, b: bad }))

    expect(await scene.ask('GET', '/containers/json')).toMatchObject({ status: 503, body: '{"message":"the engine is gone"}\n' })
  })

  it('is empty when all have been removed meanwhile', async () => {
    const scene = await serverScene(engineOf({}).onLs(() => ['a', 'b']))

    expect(await scene.ask('GET', '/containers/json')).toMatchObject({ status: 200, body: '[]' })
  })

  it('asks for summaries side by side, no more than a number with a name', async () => {
    const names = Array.from({ length: MAX_SUMMARIES * 2 }, (_, index) => `c${index}`)
    const full = Promise.withResolvers<void>()
    let running = 0
    let most = 0
    const slow = new Server('container').onGet(async () => {
      most = Math.max(most, ++running)

      if (running === MAX_SUMMARIES) {
        full.resolve()
      }

      await full.promise
      running--

      return { Id: 'x', Created: 1 }
    })
    const scene = await serverScene(engineOf(Object.fromEntries(names.map((name) => [name, slow]))).onLs(() => names))

    const entries = (await scene.ask('GET', '/containers/json')).json() as Entry[]

    expect(entries).toHaveLength(names.length)
    expect(most).toBe(MAX_SUMMARIES)
  })

  it('lets go of every container', async () => {
    let closed = 0
    const child = new Server('container').onGet(() => ({ Id: 'x', Created: 1 })).onClose(() => { closed++ })
    const scene = await serverScene(listed({ a: child, b: child }))

    await scene.ask('GET', '/containers/json')

    expect(closed).toBe(2)
  })
})
