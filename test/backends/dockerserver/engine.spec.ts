import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { MAX_REQUESTS } from '../../../src/backends/dockerserver/request-handler.ts'
import { pipe } from '../../../src/channel/index.ts'
import { Server, ServiceError, VERBS } from '../../../src/service/index.ts'
import { turns } from '../../support/settle.ts'
import { engineOf, serverScene, sets } from './scene.ts'
import type { ErrorCode } from '../../../src/base/index.ts'
import type { Message } from '../../../src/service/index.ts'

const VERSION = { Version: '20.10.24', ApiVersion: '1.41', Os: 'linux', Experimental: false }

/** An engine that says what it was asked to get. */
function echo (): Server {
  return new Server('engine').onGet((args) => args)
}

describe('dockerserver', () => {
  it.each(['GET', 'HEAD'])('answers a %s of ping with what clients choose a version of the API by', async (method) => {
    const scene = await serverScene(new Server('engine').onGet(() => VERSION))

    const { status, headers, body } = await scene.ask(method, '/_ping')

    expect({ status, body }).toEqual({ status: 200, body: method === 'GET' ? 'OK' : '' })
    expect(headers).toMatchObject({ 'api-version': '1.41', 'docker-experimental': 'false', ostype: 'linux', server: 'Docker/20.10.24 (linux)' })
  })

  it('passes JSON on as it came: numbers of 64 bits keep all digits', async () => {
    const json = '{"Limit":18446744073709551615}'
    const scene = await serverScene(new Server('engine').onVerb(VERBS.get, async (call) => {
      await call.answer({ verb: VERBS.set, args: [json] })
      await call.end()
    }))

    const { body, headers } = await scene.ask('GET', '/info')

    expect(body).toBe(json)
    expect(headers['content-type']).toBe('application/json')
  })

  it.each([
    ['/version', ['version', '']],
    ['/v1.41/version', ['version', '']],
    ['/info', ['info', '']],
    ['/system/df?type=image', ['system/df', 'type=image']],
    ['/networks?filters=%7B%7D', ['networks', 'filters=%7B%7D']],
    ['/networks/host', ['networks/host', '']],
    ['/volumes', ['volumes', '']],
    ['/v1.24/volumes/data', ['volumes/data', '']],
    ['/images/json?all=1', ['images/json', 'all=1']],
    ['/images/registry:5000/team/app:1/json', ['images/registry:5000/team/app:1/json', '']],
    ['/images/team%2Fapp/history', ['images/team/app/history', '']]
  ])('asks for GET %s by get', async (path, args) => {
    const scene = await serverScene(echo())

    const answered = await scene.ask('GET', path)

    expect(answered.json()).toEqual(args)
  })

  it.each(['/', '/foo', '/v1.41/foo', '/containers', '/exec/1/nothing'])('knows no path %s', async (path) => {
    const scene = await serverScene(echo())

    const { status, body, headers } = await scene.ask('GET', path)

    expect({ status, body }).toEqual({ status: 404, body: '{"message":"page not found"}\n' })
    expect(headers['content-type']).toBe('application/json')
  })

  it('knows no path by another method', async () => {
    const scene = await serverScene(echo())

    expect((await scene.ask('POST', '/version')).status).toBe(404)
  })

  it('refuses a path that cannot be decoded', async () => {
    const scene = await serverScene(echo())

    expect((await scene.ask('GET', '/networks/%ff')).status).toBe(400)
  })

  it.each([
    ['POST', '/build', 'building images'],
    ['POST', '/v1.41/swarm/init', 'Docker swarm'],
    ['GET', '/nodes', 'Docker swarm'],
    ['GET', '/plugins/x/json', 'plugins'],
    ['POST', '/images/a/b/push', 'pushing images'],
    ['POST', '/images/create?fromSrc=-', 'importing images'],
    ['GET', '/containers/web/attach/ws', 'attaching by WebSocket'],
    ['POST', '/containers/prune', 'pruning'],
    ['DELETE', '/networks/host', 'changing networks']
  ])('says that it does not do %s %s', async (method, path, what) => {
    const scene = await serverScene(echo())

    const { status, body } = await scene.ask(method, path)

    expect(status).toBe(501)
    expect(body).toContain(`${what} is not supported by dockerserver`)
  })

  it.each<[ErrorCode, unknown, number]>([
    ['NotFound', undefined, 404],
    ['InvalidArgument', undefined, 400],
    ['Ambiguous', undefined, 400],
    ['PermissionDenied', undefined, 403],
    ['AlreadyExists', undefined, 409],
    ['FailedPrecondition', undefined, 409],
    ['NotImplemented', undefined, 501],
    ['Unavailable', undefined, 503],
    ['DeadlineExceeded', undefined, 504],
    ['ServiceFailed', undefined, 500],
    ['ServiceFailed', { status: 418 }, 418],
    ['NotFound', { status: 400 }, 400],
    ['NotFound', { status: 200 }, 404],
    ['NotFound', { status: '409' }, 404]
  ])('answers the error %s with data %j by %i, with its message', async (code, data, status) => {
    const scene = await serverScene(new Server('engine').onGet(() => {
      throw new ServiceError(code, 'the disk is 100%d full', { data })
    }))

    const answered = await scene.ask('GET', '/info')

    expect(answered.status).toBe(status)
    expect(answered.json()).toEqual({ message: 'the disk is 100%d full' })
  })

  it('answers by 501 for what the stage at the right does not do', async () => {
    const scene = await serverScene(new Server('simulator'))

    const answered = await scene.ask('GET', '/info')

    expect(answered.status).toBe(501)
    expect(answered.json()).toEqual({ message: 'simulator does not answer get' })
  })

  it('tells of an answer that never came', async () => {
    const scene = await serverScene(new Server('engine').onVerb(VERBS.get, async (call) => call.end()))

    const answered = await scene.ask('GET', '/info')

    expect(answered.status).toBe(500)
    expect(answered.json()).toEqual({ message: 'get got no answer: whoever handled it ended without one' })
  })

  it('goes on after clients that speak no HTTP', async () => {
    const scene = await serverScene(echo())
    const socket = connect(Number(scene.address.port), scene.address.hostname)

    socket.end('\u0016\u0003\u0001 hello\r\n\r\n')

    expect(await text(socket)).toContain('400 Bad Request')
    expect((await scene.ask('GET', '/info')).status).toBe(200)
  })

  it('answers other requests to upgrade as if they asked for nothing of that kind', async () => {
    const scene = await serverScene(echo())

    const answered = await scene.ask('GET', '/info', { headers: { Connection: 'Upgrade', Upgrade: 'h2c' } })

    expect(answered.status).toBe(200)
    expect(answered.json()).toEqual(['info', ''])
  })

  it('asks as whoever spawned it', async () => {
    const scene = await serverScene(new Server('engine').onGet((_args, call) => call.caller), undefined, { peer: '12D3KooWPeer' })

    expect((await scene.ask('GET', '/info')).json()).toEqual({ peer: '12D3KooWPeer' })
  })
})

describe('dockerserver and pages in browsers', () => {
  it.each([
    { Origin: 'http://evil.example' },
    { Origin: 'null' },
    { 'Sec-Fetch-Site': 'cross-site' },
    { Host: 'evil.example' },
    { Host: 'evil.example:4243' }
  ])('refuses %j', async (headers) => {
    const scene = await serverScene(echo())

    expect((await scene.ask('GET', '/info', { headers })).status).toBe(403)
  })

  it.each(['127.0.0.1', 'localhost:4243', '[::1]:4243', 'docker', 'api.moby.localhost', ''])('answers a client that calls it %j', async (Host) => {
    const scene = await serverScene(echo())

    expect((await scene.ask('GET', '/info', { headers: { Host } })).status).toBe(200)
  })
})

describe('events of dockerserver', () => {
  it('come line by line, and end', async () => {
    const asked: Array<readonly string[]> = []
    const scene = await serverScene(new Server('engine').onWatch((args) => {
      asked.push(args)

      return sets({ Action: 'start' }, { Action: 'die' })
    }))

    const { status, body } = await scene.ask('GET', '/events?since=1&until=2')

    expect({ status, body }).toEqual({ status: 200, body: '{"Action":"start"}\n{"Action":"die"}\n' })
    expect(asked).toEqual([['events', 'since=1&until=2']])
  })

  it('are answered before the first, and no longer wanted when the client has gone', async () => {
    const [events, happen] = pipe<Message>()
    const scene = await serverScene(new Server('engine').onWatch(() => events))

    const response = await scene.open('GET', '/events')

    response.destroy()

    expect(await happen.closed).toMatchObject({ how: 'cancelled' })
  })

  it('go on after the error of one engine of several, which is logged', async () => {
    const scene = await serverScene(new Server('engine').onWatch(async function * () {
      yield * sets(1)
      yield { verb: VERBS.error, args: ['Unavailable', 'engine b is gone'] }
      yield * sets(2)
    }))

    const { body } = await scene.ask('GET', '/events')

    expect(body).toBe('1\n2\n')
    expect(scene.logs).toContain('warn: GET /events: engine b is gone')
  })

  it('break off where they were lost', async () => {
    const scene = await serverScene(new Server('engine').onWatch(async function * () {
      yield * sets(1)
      throw new ServiceError('Unavailable', 'the engine is gone')
    }))

    await expect(scene.ask('GET', '/events')).rejects.toThrow(/aborted|ECONNRESET/)
  })

  it('need the engine to agree', async () => {
    const scene = await serverScene(new Server('engine').onWatch(() => {
      throw new ServiceError('InvalidArgument', 'invalid filter', { data: { status: 400 } })
    }))

    expect(await scene.ask('GET', '/events')).toMatchObject({ status: 400, body: '{"message":"invalid filter"}\n' })
  })
})

describe('requests of dockerserver', () => {
  it('are refused beyond a number with a name, and answered again when some have gone', async () => {
    const [events, happen] = pipe<Message>()
    const scene = await serverScene(echo().onWatch(() => events))
    const watching = await Promise.all(Array.from({ length: MAX_REQUESTS }, async () => scene.open('GET', '/events')))

    expect(await scene.ask('GET', '/info')).toMatchObject({ status: 503, body: `{"message":"dockerserver answers ${MAX_REQUESTS} requests at a time; try again"}\n` })

    for (const response of watching) {
      response.destroy()
    }

    await happen.closed
    await turns(200)
    expect((await scene.ask('GET', '/info')).status).toBe(200)
  })

  it('may follow one another on one connection', async () => {
    const scene = await serverScene(echo())
    const socket = connect(Number(scene.address.port), scene.address.hostname)

    socket.write('GET /info HTTP/1.1\r\nHost: docker\r\n\r\nGET /nope HTTP/1.1\r\nHost: docker\r\n\r\nGET /version HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n')

    expect((await text(socket)).match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 200'])
  })
})

describe('images of dockerserver', () => {
  it('are pulled with progress and credentials', async () => {
    const asked: unknown[] = []
    const scene = await serverScene(new Server('engine').onWatch((args, call) => {
      asked.push(args, call.meta)

      return sets({ status: 'Pulling' }, { status: 'Done' })
    }))

    const { body } = await scene.ask('POST', '/images/create?fromImage=app&tag=1', { headers: { 'X-Registry-Auth': 'c2VjcmV0' } })

    expect(body).toBe('{"status":"Pulling"}\r\n{"status":"Done"}\r\n')
    expect(asked).toEqual([['pull', 'fromImage=app&tag=1'], { 'registry-auth': 'c2VjcmV0' }])
  })

  it('tell in the body of an error that comes late', async () => {
    const scene = await serverScene(new Server('engine').onWatch(async function * () {
      yield * sets({ status: 'Pulling' })
      throw new ServiceError('ServiceFailed', 'no space left')
    }))

    const { body } = await scene.ask('POST', '/images/create?fromImage=app')

    expect(body.split('\r\n')[1]).toBe('{"errorDetail":{"message":"no space left"},"error":"no space left"}')
  })

  it('are removed by set, and what the engine says of it comes back', async () => {
    const scene = await serverScene(new Server('engine').onVerb(VERBS.set, async (call) => {
      await call.ack(JSON.stringify(call.args))
      await call.end()
    }))

    const { status, body } = await scene.ask('DELETE', '/images/team/app:1?force=1')

    expect({ status, body }).toEqual({ status: 200, body: '["remove-image","team/app:1","force=1"]' })
  })

  it('are not found where the engine says so', async () => {
    const scene = await serverScene(engineOf({}).onGet(() => {
      throw new ServiceError('NotFound', 'No such image: x', { data: { status: 404 } })
    }))

    expect(await scene.ask('GET', '/images/x/json')).toMatchObject({ status: 404 })
  })
})
