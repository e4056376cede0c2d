import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { byteStreamPair } from '../../../src/channel/index.ts'
import { VERBS } from '../../../src/service/index.ts'
import { until } from '../../support/until.ts'
import { bytesOf } from '../stage.ts'
import { ID, stubScene } from './stub-engine.ts'
import type { Answer, Hijack, Scene } from './stub-engine.ts'
import type { Receiver } from '../../../src/channel/index.ts'
import type { Message } from '../../../src/service/index.ts'
import type { Socket } from 'node:net'

const UPGRADED = 'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n'
const OLD = 'HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n'
const ATTACH = `POST /containers/${ID}/attach`

async function attach ({ stage }: Scene): ReturnType<typeof stage.input.attach> {
  return (await stage.input.child('web')).attach(['', 'stream=1'])
}

function refuses (status: number, body: string): Answer {
  return (response) => { response.writeHead(status).end(body) }
}

/** What followed, and how it ended. */
async function collect (messages: Receiver<Message>): Promise<string[]> {
  const said: string[] = []

  for await (const { verb, args } of messages) {
    said.push(verb === VERBS.error ? `error ${args[0]}` : args.join(' '))
  }

  return said
}

describe('dockerclient and versions', () => {
  it.each([
    ['1.24', '/v1.24/info'],
    ['1.41', '/v1.41/info'],
    ['1.99', '/v1.47/info'],
    ['2.0', '/v1.47/info']
  ])('speaks with an engine of %s as %s', async (apiVersion, path) => {
    await using scene = await stubScene({ apiVersion, answers: { 'GET /info': refuses(200, '{}') } })

    await scene.stage.input.get('info')

    expect(scene.requests).toEqual([`GET ${path}`])
  })

  it.each([
    ['1.23', 'FailedPrecondition'],
    ['new', 'ServiceFailed']
  ])('refuses an engine of version %s', async (apiVersion, code) => {
    await using scene = await stubScene({ apiVersion })

    await expect(scene.stage.input.get('info')).rejects.toMatchObject({ code, message: expect.stringMatching(/version/) })
    expect(scene.requests).toEqual([])
  })

  it('tells those who ask through it of no later version than its own', async () => {
    await using scene = await stubScene({ apiVersion: '1.99', answers: { 'GET /version': refuses(200, '{"ApiVersion":"1.99","Big":18446744073709551615}') } })

    expect(await scene.stage.input.get('version')).toMatchObject({ ApiVersion: '1.47' })
  })
})

describe('dockerclient and errors of the engine', () => {
  it.each([
    [400, 'InvalidArgument'], [401, 'PermissionDenied'], [403, 'PermissionDenied'], [404, 'NotFound'], [409, 'FailedPrecondition'],
    [500, 'ServiceFailed'], [501, 'NotImplemented'], [503, 'Unavailable'], [301, 'ServiceFailed']
  ])('passes on %d as %s with its message', async (status, code) => {
    await using scene = await stubScene({ answers: { 'GET /info': refuses(status, '{"message":"100%d full"}') }, hijacks: {} })

    await expect(scene.stage.input.get('info')).rejects.toMatchObject({ code, message: '100%d full', data: { status } })
  })

  it('takes plain text, and nothing, for a message as well', async () => {
    await using scene = await stubScene({ answers: { 'GET /info': refuses(502, 'bad gateway\n'), 'GET /networks': refuses(404, '') } })

    await expect(scene.stage.input.get('info')).rejects.toThrow(/^bad gateway$/)
    await expect(scene.stage.input.get('networks')).rejects.toThrow('404')
  })

  it('passes on why a console is refused, in one piece or in chunks', async () => {
    const refusals: Record<string, string> = {
      length: 'HTTP/1.1 409 Conflict\r\nContent-Length: 18\r\n\r\n{"message":"busy"}',
      chunks: 'HTTP/1.1 409 Conflict\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"message\r\n9\r\n":"busy"}\r\n0\r\n\r\n',
      close: 'HTTP/1.1 409 Conflict\r\n\r\n{"message":"busy"}'
    }

    for (const [kind, text] of Object.entries(refusals)) {
      await using scene = await stubScene({ hijacks: { [ATTACH]: (socket) => { kind === 'close' ? socket.end(text) : socket.write(text) } } })

      await expect(attach(scene)).rejects.toMatchObject({ code: 'FailedPrecondition', message: 'busy', data: { status: 409 } })
      await until(() => scene.sockets.size === 0, 'the connection to be closed')
    }
  })

  it('does not ask for what would be another path or another request', async () => {
    await using scene = await stubScene()

    await expect(scene.stage.input.get(['info', 'a=b HTTP/1.1\r\nX: y'])).rejects.toMatchObject({ code: 'InvalidArgument' })
    await expect(scene.stage.input.get('images/../../info/json')).rejects.toMatchObject({ code: 'InvalidArgument' })
    await expect(scene.stage.input.child('..')).rejects.toMatchObject({ code: 'InvalidArgument' })
    await expect(scene.stage.input.child('a/b?c')).rejects.toMatchObject({ code: 'ServiceFailed' })
    expect(scene.requests).toEqual(['GET /v1.41/containers/a%2Fb%3Fc/json'])
  })

  it('takes the own name of a container, which is not that of a link to it', async () => {
    const list = [{ Id: 'a', Names: ['/other/alias', '/web'] }, { Id: 'b', Names: ['/db'] }, { Id: 'c', Names: null }]
    await using scene = await stubScene({ answers: { 'GET /containers/json': refuses(200, JSON.stringify(list)) } })

    expect(await scene.stage.input.ls()).toEqual(['web', 'db', 'c'])
  })

  it('says that an answer is no JSON, or is none at all', async () => {
    await using scene = await stubScene({
      answers: {
        'GET /info': refuses(200, '<html>'),
        'GET /networks': (response) => { response.socket?.destroy() }
      }
    })

    await expect(scene.stage.input.get('info')).rejects.toMatchObject({ code: 'ServiceFailed', message: expect.stringMatching(/JSON/) })
    await expect(scene.stage.input.get('networks')).rejects.toMatchObject({ code: 'Unavailable' })
  })
})

describe('dockerclient and streams of JSON', () => {
  it('does not care where chunks end, nor for lines', async () => {
    const bytes = Buffer.from('{"a":"🐳 }\\" {"}{"b":[1,{}]}\r\n\n{"c":1}')
    const events: Answer = (response) => {
      const next = (at: number): void => { at < bytes.length ? response.write(bytes.subarray(at, at + 1), () => { next(at + 1) }) : response.end() }

      next(0)
    }
    await using scene = await stubScene({ answers: { 'GET /events': events } })

    expect(await collect(await scene.stage.input.watch(['events', '']))).toEqual(['{"a":"🐳 }\\" {"}', '{"b":[1,{}]}', '{"c":1}'])
  })

  it.each<[string, Answer, string]>([
    ['is lost between two objects', (response) => { response.write('{}', () => { response.socket?.resetAndDestroy() }) }, 'error Unavailable'],
    ['ends between two objects, but not as HTTP does', (response) => { response.write('{}', () => { response.socket?.end() }) }, 'error Unavailable'],
    ['ends within an object', (response) => { response.end('{}{') }, 'error Unavailable'],
    ['has an object that is too long', (response) => { response.end(`{}{"a":"${'x'.repeat(1024 * 1024)}"}`) }, 'error MessageTooLarge'],
    ['is no JSON', (response) => { response.end('{}hello') }, 'error ServiceFailed']
  ])('ends with an error when the stream %s', async (_name, answer, error) => {
    await using scene = await stubScene({ answers: { 'GET /events': answer } })

    const said = await collect(await scene.stage.input.watch(['events', '']))

    expect(said.at(-1)).toBe(error)
  })

  it('ends with the error that a pull tells of in the midst of its progress', async () => {
    const credentials: unknown[] = []
    const pull: Answer = (response, { headers }) => {
      credentials.push(headers['x-registry-auth'])
      response.end('{"status":"Pulling"}\r\n{"errorDetail":{"code":401,"message":"log in"},"error":"log in"}\r\n')
    }
    await using scene = await stubScene({ answers: { 'POST /images/create': pull } })

    const said = await collect(await scene.stage.input.watch(['pull', 'fromImage=a'], { meta: { 'registry-auth': 'c2VjcmV0' } }))

    expect(said).toEqual(['{"status":"Pulling"}', 'error PermissionDenied'])
    expect(credentials).toEqual(['c2VjcmV0'])
  })

  it('ends the request of who listens no more', async () => {
    await using scene = await stubScene({ answers: { 'GET /events': (response) => { response.write('{}') } } })

    const events = await scene.stage.input.watch(['events', ''])
    await events.receive()
    events.cancel()

    await until(() => scene.sockets.size === 0, 'the request to end')
  })

  it('takes no more from the engine than who listens does', async () => {
    let written = 0
    const flood: Answer = (response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(`{"a":"${'x'.repeat(1000)}"}\n`)) {
          written += 1000
        }
      }

      response.on('drain', more)
      more()
    }
    await using scene = await stubScene({ answers: { 'GET /events': flood } })

    const events = await scene.stage.input.watch(['events', ''])
    await events.receive()
    const { promise, resolve } = Promise.withResolvers<void>()
    let last = -1
    const settle = (): void => {
      if (last === written) {
        resolve()
      } else {
        last = written
        scene.stage.object.get('status').then(settle, resolve)
      }
    }

    settle()
    await promise

    expect(written).toBeLessThan(32 * 1024 * 1024)
    events.cancel()
  })
})

describe('dockerclient and consoles', () => {
  it.each([['101', UPGRADED], ['200 of old', OLD]])('carries bytes both ways and ends each way apart, after a %s', async (_name, head) => {
    const got: Buffer[] = []
    const hijack: Hijack = (socket) => {
      socket.write(`${head}with the head`)
      socket.on('data', (chunk) => { got.push(chunk) })
      socket.once('end', () => { socket.end(' and after the end') })
    }
    await using scene = await stubScene({ hijacks: { [ATTACH]: hijack } })

    const { att, args } = await attach(scene)
    await att?.end(Buffer.from([0, 255, 10]))

    expect(await att?.text()).toBe('with the head and after the end')
    expect(Buffer.concat(got)).toEqual(Buffer.from([0, 255, 10]))
    expect(args).toEqual(['application/vnd.docker.raw-stream'])
    await until(() => scene.sockets.size === 0, 'the connection to be closed')
  })

  it('are told to be frames where there is no terminal, though the engine calls both raw', async () => {
    const inspected = JSON.stringify({ Id: ID, Config: { Tty: false }, State: { Running: false } })
    const hijack: Hijack = (socket) => { socket.end(UPGRADED) }
    await using scene = await stubScene({ answers: { 'GET /containers/web/json': refuses(200, inspected) }, hijacks: { [ATTACH]: hijack } })

    const { att, args } = await attach(scene)

    await att?.end()

    expect(await att?.text()).toBe('')
    expect(args).toEqual(['application/vnd.docker.multiplexed-stream'])
  })

  it.each<[string, (socket: Socket) => void]>([
    ['is reset', (socket) => { socket.resetAndDestroy() }],
    ['says no more of a frame', (socket) => { socket.end(Buffer.from([1, 0, 0, 0, 0, 0, 0, 9, 65])) }]
  ])('is reset when the connection %s, which is no end', async (_name, end) => {
    const inspected = JSON.stringify({ Id: ID, Config: { Tty: false }, State: { Running: true } })
    const hijack: Hijack = (socket) => { socket.write(UPGRADED, () => { end(socket) }) }
    await using scene = await stubScene({ answers: { 'GET /containers/web/json': refuses(200, inspected) }, hijacks: { [ATTACH]: hijack } })

    const { att } = await attach(scene)

    await expect(att?.bytes()).rejects.toMatchObject({ code: 'StreamReset' })
  })

  it('is reset when the engine ends with the connection', async () => {
    let isGone = false
    const inspect: Answer = (response) => {
      if (isGone) {
        response.socket?.destroy()
      } else {
        response.end(JSON.stringify({ Id: ID, Config: { Tty: true } }))
      }
    }
    const hijack: Hijack = (socket) => {
      isGone = true
      socket.end(`${UPGRADED}some`)
    }
    await using scene = await stubScene({ answers: { 'GET /containers/web/json': inspect, [`GET /containers/${ID}/json`]: inspect }, hijacks: { [ATTACH]: hijack } })

    const { att } = await attach(scene)

    await expect(att?.bytes()).rejects.toMatchObject({ code: 'StreamReset' })
  })

  it('lets go of the connection when the caller does', async () => {
    await using scene = await stubScene({ hijacks: { [ATTACH]: (socket) => { socket.write(UPGRADED) } } })

    const { att } = await attach(scene)
    att?.reset('no more')

    await until(() => scene.sockets.size === 0, 'the connection to be closed')
  })

  it('ends all that is open when the stage is stopped', async () => {
    await using scene = await stubScene({ answers: { 'GET /events': (response) => { response.write('{}') } }, hijacks: { [ATTACH]: (socket) => { socket.write(UPGRADED) } } })

    const events = await scene.stage.input.watch(['events', ''])
    const { att } = await attach(scene)
    await scene.stage.object.stop()

    expect((await collect(events)).at(-1)).toBe('error CallCancelled')
    await expect(att?.bytes()).rejects.toMatchObject({ code: 'StreamReset' })
    await until(() => scene.sockets.size === 0, 'all connections to be closed')
  })
})

describe('dockerclient and files', () => {
  it('does not send a tar that the engine refuses', async () => {
    await using scene = await stubScene()
    const web = await scene.stage.input.child('web')

    await expect(web.file(['put', 'path=/'], { att: bytesOf('tar') })).rejects.toMatchObject({ code: 'ServiceFailed', data: { status: 500 } })
  })

  it('breaks the request when the tar is cut off', async () => {
    const ended = Promise.withResolvers<string>()
    const put: Answer = (_response, request) => {
      request.resume()
      once(request, 'end').then(() => { ended.resolve('end') }, () => { ended.resolve('broken') })
    }
    await using scene = await stubScene({ answers: { [`PUT /containers/${ID}/archive`]: put } })
    const [near, far] = byteStreamPair()
    const web = await scene.stage.input.child('web')

    const answered = web.file(['put', 'path=/'], { att: far })
    await near.write('half')
    near.reset('lost')

    await expect(answered).rejects.toMatchObject({ code: 'Unavailable' })
    expect(await ended.promise).toBe('broken')
  })
})
