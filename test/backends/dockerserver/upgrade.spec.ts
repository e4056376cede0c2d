import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, it, onTestFinished } from 'vitest'
import { Server, VERBS } from '../../../src/service/index.ts'
import { engineOf, serverScene } from './scene.ts'
import type { Scene } from './scene.ts'
import type { Socket } from 'node:net'

// as clients ask that would rather speak HTTP/2: `curl --http2`, and the client of Java
const UPGRADE = ['Host: docker', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk']

function dial (scene: Scene, head: readonly string[]): Socket {
  const socket = connect({ port: Number(scene.address.port), host: scene.address.hostname })

  socket.on('error', () => {})
  onTestFinished(() => { socket.destroy() })
  socket.write([...head, '', ''].join('\r\n'))

  return socket
}

function putHead (...more: string[]): string[] {
  return ['PUT /v1.41/containers/web/archive?path=/ HTTP/1.1', ...UPGRADE, ...more]
}

function archiveScene (received: number[]): Server {
  return engineOf({
    web: new Server('child').onVerb(VERBS.file, async (call) => {
      let size = 0

      for await (const bytes of call.att ?? []) {
        size += bytes.byteLength
      }

      received.push(size)
      await call.ack()
      await call.end()
    })
  })
}

it('gives the engine the whole archive of a request that asks to upgrade', async () => {
  const received: number[] = []
  const socket = dial(await serverScene(archiveScene(received)), putHead('Content-Length: 70000'))

  socket.write(Buffer.alloc(70_000))

  expect(await text(socket)).toMatch(/^HTTP\/1.1 200 /)
  expect(received).toEqual([70_000])
})

it('refuses an archive of chunks with a request that asks to upgrade', async () => {
  const received: number[] = []
  const socket = dial(await serverScene(archiveScene(received)), putHead('Transfer-Encoding: chunked'))

  expect(await text(socket)).toMatch(/^HTTP\/1.1 411 /)
  expect(received).toEqual([])
})

it('lets go of the events of a client that asked to upgrade and has gone', async () => {
  const gone = Promise.withResolvers<void>()
  const engine = new Server('engine').onWatch(async function * (_args, { signal }) {
    signal.addEventListener('abort', () => { gone.resolve() })
    yield { verb: VERBS.set, args: ['{}'] }
    await once(signal, 'abort')
  })
  const socket = dial(await serverScene(engine), ['GET /events HTTP/1.1', ...UPGRADE])

  await once(socket, 'data')
  socket.destroy()
  await gone.promise
})
