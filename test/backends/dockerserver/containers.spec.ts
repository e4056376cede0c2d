import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { MAX_BODY_BYTES } from '../../../src/backends/dockerserver/body.ts'
import { byteStreamPair, pipe } from '../../../src/channel/index.ts'
import { Server, ServiceError, VERBS } from '../../../src/service/index.ts'
import { turns } from '../../support/settle.ts'
import { engineOf, serverScene, sets } from './scene.ts'
import type { ByteStream } from '../../../src/channel/index.ts'
import type { Message } from '../../../src/service/index.ts'

/** A container that notes what it is asked, and says `outcome`. */
function notebook (asked: unknown[], ...outcome: string[]): Server {
  return new Server('container').catchall(async (call) => {
    asked.push([call.verb, ...call.args])
    await call.ack(...outcome)
    await call.end()
  })
}

describe('a container of dockerserver', () => {
  it.each([
    ['POST', 'start?detachKeys=', 204, [VERBS.start]],
    ['POST', 'stop?t=3', 204, [VERBS.stop, 'stop', 't=3']],
    ['POST', 'restart', 204, [VERBS.stop, 'restart', '']],
    ['POST', 'kill?signal=HUP', 204, [VERBS.stop, 'kill', 'signal=HUP']],
    ['POST', 'pause', 204, [VERBS.set, 'paused', 'true']],
    ['POST', 'unpause', 204, [VERBS.set, 'paused', 'false']],
    ['POST', 'rename?name=new%2Dname', 204, [VERBS.set, 'name', 'new-name']],
    ['POST', 'resize?h=24&w=80', 200, [VERBS.set, 'size', 'h=24&w=80']]
  ])('is asked for %s %s by a verb', async (method, what, status, wanted) => {
    const asked: unknown[] = []
    const scene = await serverScene(engineOf({ 'a/web': notebook(asked) }))

    const answered = await scene.ask(method, `/v1.41/containers/a/web/${what}`)

    expect(answered).toMatchObject({ status, body: '' })
    expect(asked).toEqual([wanted])
  })

  it('is removed by set', async () => {
    const asked: unknown[] = []
    const scene = await serverScene(engineOf({ web: notebook(asked) }))

    expect((await scene.ask('DELETE', '/containers/web?force=1&v=1')).status).toBe(204)
    expect(asked).toEqual([[VERBS.set, 'removed', 'force=1&v=1']])
  })

  it.each(['start', 'stop'])('that was so already answers %s by 304', async (what) => {
    const scene = await serverScene(engineOf({ web: notebook([], 'unchanged') }))

    expect((await scene.ask('POST', `/containers/web/${what}`)).status).toBe(304)
  })

  it.each([
    ['json', []],
    ['json?size=1', ['', 'size=1']],
    ['top?ps_args=aux', ['top', 'ps_args=aux']],
    ['changes', ['changes', '']],
    ['stats?stream=0&one-shot=1', ['stats', 'stream=0&one-shot=1']]
  ])('answers GET %s by get', async (what, args) => {
    const scene = await serverScene(engineOf({ web: new Server('container').onGet((given) => given) }))

    expect((await scene.ask('GET', `/containers/web/${what}`)).json()).toEqual(args)
  })

  it('streams stats unless told otherwise', async () => {
    const scene = await serverScene(engineOf({ web: new Server('container').onWatch((args) => sets(args, 2)) }))

    expect((await scene.ask('GET', '/containers/web/stats')).body).toBe('["stats",""]\n2\n')
  })

  it('that is not there is an error with its message', async () => {
    const scene = await serverScene(engineOf({}))

    expect(await scene.ask('GET', '/containers/nope/json')).toMatchObject({ status: 404, body: '{"message":"No such container: nope"}\n' })
  })

  it('is let go of after use, also when that failed', async () => {
    let closed = 0
    const child = new Server('container').onGet(() => { throw new ServiceError('ServiceFailed', 'no') }).onClose(() => { closed++ })
    const scene = await serverScene(engineOf({ web: child }))

    await scene.ask('GET', '/containers/web/json')

    expect(closed).toBe(1)
  })
})

describe('creating by dockerserver', () => {
  function creator (asked: unknown[]): Server {
    return new Server('engine').onSpawn((args) => {
      asked.push(args)

      return new Server('container').onGet(() => ({ Id: 'abc', Name: '/web' }))
    })
  }

  it('passes the whole body and the query on, and answers with the ID', async () => {
    const asked: unknown[] = []
    const scene = await serverScene(creator(asked))
    const body = '{"Image":"x", "HostConfig":{"Memory":9223372036854775807}}'

    const answered = await scene.ask('POST', '/containers/create?name=web&platform=linux', { body })

    expect(answered.status).toBe(201)
    expect(answered.json()).toEqual({ Id: 'abc', Warnings: [] })
    expect(asked).toEqual([[body, 'name=web&platform=linux']])
  })

  it('lets go of what was created, which stays', async () => {
    let closed = 0
    const scene = await serverScene(new Server('engine').onSpawn(() => new Server('container').onGet(() => ({ Id: 'abc' })).onClose(() => { closed++ })))

    await scene.ask('POST', '/containers/create', { body: '{}' })
    await turns(10)

    expect(closed).toBe(1)
  })

  it('gives the warnings of the engine on', async () => {
    const said = '{"Id":"abc","Warnings":["no swap"]}'
    const scene = await serverScene(new Server('engine').onVerb(VERBS.spawn, async (call) => {
      const [receiver, ret] = pipe<Message>()

      receiver.cancel()
      await call.answer({ verb: VERBS.ack, args: [said], ret })
      await call.end()
    }))

    expect((await scene.ask('POST', '/containers/create', { body: '{}' })).body).toBe(said)
  })

  it('makes an exec as it makes a container', async () => {
    const container = new Server('container').onSpawn((args) => new Server('exec').onGet(() => ({ ID: args.join() })))
    const scene = await serverScene(engineOf({ web: container }))

    const answered = await scene.ask('POST', '/containers/web/exec', { body: '{"Cmd":["ls"]}' })

    expect(answered.status).toBe(201)
    expect(answered.json()).toMatchObject({ Id: '{"Cmd":["ls"]}' })
  })

  it.each([
    ['', 'invalid JSON: got EOF while reading request body'],
    ['{', 'invalid JSON'],
    ['[]', 'wanted an object'],
    ['null', 'wanted an object']
  ])('refuses the body %j', async (body, message) => {
    const asked: unknown[] = []
    const scene = await serverScene(creator(asked))

    const answered = await scene.ask('POST', '/containers/create', { body })

    expect(answered.status).toBe(400)
    expect(answered.body).toContain(message)
    expect(asked).toEqual([])
  })

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'])('refuses a body of the type %s, which pages may send', async (type) => {
    const scene = await serverScene(creator([]))

    const answered = await scene.ask('POST', '/containers/create', { body: '{}', headers: { 'Content-Type': type } })

    expect(answered.status).toBe(400)
    expect(answered.body).toContain('must be \'application/json\'')
  })

  it('refuses a body that is too large, and goes on', async () => {
    const scene = await serverScene(creator([]))
    const body = JSON.stringify({ Image: 'x'.repeat(MAX_BODY_BYTES) })

    expect((await scene.ask('POST', '/containers/create', { body })).status).toBe(413)
    expect((await scene.ask('POST', '/containers/create', { body: '{}' })).status).toBe(201)
  })
})

describe('waiting by dockerserver', () => {
  it('is answered when the engine waits, and tells when the container has ended, and how', async () => {
    const [exits, exit] = pipe<Message>()
    const asked: unknown[] = []
    const scene = await serverScene(engineOf({
      web: new Server('container').onWatch((args) => {
        asked.push(args)

        return exits
      })
    }))

    const response = await scene.open('POST', '/containers/web/wait?condition=next-exit')

    expect(response.statusCode).toBe(200)
    await exit.send({ verb: VERBS.set, args: ['{"StatusCode":3}'] })
    expect(String(await buffer(response))).toBe('{"StatusCode":3}')
    expect(asked).toEqual([['exit', 'condition=next-exit']])
    expect(await exit.closed).toMatchObject({ how: 'cancelled' })
  })

  it('breaks off when the engine does', async () => {
    const [exits, exit] = pipe<Message>()
    const scene = await serverScene(engineOf({ web: new Server('container').onWatch(() => exits) }))
    const response = await scene.open('POST', '/containers/web/wait')

    await exit.close()

    await expect(buffer(response)).rejects.toThrow()
  })

  it('ends there when the client goes', async () => {
    const [exits, exit] = pipe<Message>()
    const scene = await serverScene(engineOf({ web: new Server('container').onWatch(() => exits) }))
    const response = await scene.open('POST', '/containers/web/wait')

    response.destroy()

    expect(await exit.closed).toMatchObject({ how: 'cancelled' })
  })
})

describe('logs of dockerserver', () => {
  function logger (att: ByteStream, ...args: string[]): Server {
    return engineOf({ web: new Server('container').onAttach(() => ({ att, args })) })
  }

  it('are answered before the first byte, and flow as they come', async () => {
    const [here, there] = byteStreamPair()
    const scene = await serverScene(logger(there, 'application/vnd.docker.multiplexed-stream'))

    const response = await scene.open('GET', '/containers/web/logs?follow=1&stdout=1')

    expect(response.headers['content-type']).toBe('application/vnd.docker.multiplexed-stream')
    await here.end('hello')
    expect(String(await buffer(response))).toBe('hello')
  })

  it('end nowhere but at their end', async () => {
    const [here, there] = byteStreamPair()
    const scene = await serverScene(logger(there))
    const response = await scene.open('GET', '/containers/web/logs')

    await here.write('hel')
    here.reset('the engine is gone')

    await expect(buffer(response)).rejects.toThrow()
  })

  it('are read at the pace of the client, and no more when it has gone', async () => {
    const [here, there] = byteStreamPair()
    const scene = await serverScene(logger(there))
    const response = await scene.open('GET', '/containers/web/logs?follow=1')
    const mebibyte = new Uint8Array(1024 * 1024)
    let written = 0
    const stalled = (async () => {
      for (;;) {
        await here.write(mebibyte)
        written++
      }
    })()

    response.pause()
    expect(await Promise.race([stalled, turns(2000)])).toBeUndefined()
    expect(written).toBeLessThan(64)

    response.destroy()
    await expect(stalled).rejects.toMatchObject({ code: 'StreamReset' })
  })

  it('without bytes are an error', async () => {
    const scene = await serverScene(engineOf({ web: new Server('container').onAttach(() => ({})) }))

    expect(await scene.ask('GET', '/containers/web/logs')).toMatchObject({ status: 500 })
  })
})

describe('archives of dockerserver', () => {
  const STAT = 'eyJuYW1lIjoiZXRjIn0='

  it('are looked at', async () => {
    const scene = await serverScene(engineOf({
      web: new Server('container').onFile((args) => {
        const [here, there] = byteStreamPair()

        void here.end()

        return { args: [`${args.join()} ${STAT}`], att: there }
      })
    }))

    const { status, headers } = await scene.ask('HEAD', '/containers/web/archive?path=/etc')

    expect(status).toBe(200)
    expect(headers['x-docker-container-path-stat']).toBe(`stat,path=/etc ${STAT}`)
  })

  it('are got', async () => {
    const scene = await serverScene(engineOf({
      web: new Server('container').onFile((args) => {
        const [here, there] = byteStreamPair()

        void here.end(args.join())

        return { args: [STAT], att: there }
      })
    }))

    const { headers, body } = await scene.ask('GET', '/containers/web/archive?path=/etc')

    expect(headers).toMatchObject({ 'content-type': 'application/x-tar', 'x-docker-container-path-stat': STAT })
    expect(body).toBe('get,path=/etc')
  })

  it('are put as they come', async () => {
    const size = 3 * 1024 * 1024
    let taken = 0
    const scene = await serverScene(engineOf({
      web: new Server('container').onFile(async (_args, { att }) => {
        for await (const bytes of att ?? []) {
          taken += bytes.byteLength
        }
      })
    }))

    const { status } = await scene.ask('PUT', '/containers/web/archive?path=/', { body: new Uint8Array(size) })

    expect({ status, taken }).toEqual({ status: 200, taken: size })
  })

  it('that nobody wants are refused with the reason', async () => {
    const scene = await serverScene(engineOf({
      web: new Server('container').onFile(() => { throw new ServiceError('NotFound', 'no such directory') })
    }))

    const answered = await scene.ask('PUT', '/containers/web/archive?path=/nope', { body: new Uint8Array(3 * 1024 * 1024) })

    expect(answered).toMatchObject({ status: 404, body: '{"message":"no such directory"}\n' })
  })

  it('are cut off, not ended, when the client goes half-way', async () => {
    const failed = Promise.withResolvers<unknown>()
    const begun = Promise.withResolvers<void>()
    const scene = await serverScene(engineOf({
      web: new Server('container').onFile(async (_args, { att }) => {
        begun.resolve()
        await att?.bytes().catch(failed.resolve)
      })
    }))
    const leave = new AbortController()
    const asked = scene.ask('PUT', '/containers/web/archive?path=/', { body: new Uint8Array(10), headers: { 'Content-Length': 1000 }, signal: leave.signal })

    await begun.promise
    leave.abort()

    await expect(asked).rejects.toThrow()
    expect(await failed.promise).toMatchObject({ code: 'StreamReset' })
  })
})
