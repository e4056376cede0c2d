import { once } from 'node:events'
import { connect } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished } from 'vitest'
import { byteStreamPair } from '../../../src/channel/index.ts'
import { Server, ServiceError, VERBS } from '../../../src/service/index.ts'
import { engineOf, serverScene } from './scene.ts'
import type { Scene } from './scene.ts'
import type { ByteStream } from '../../../src/channel/index.ts'
import type { Socket } from 'node:net'

const UPGRADE = ['Host: docker', 'Connection: Upgrade', 'Upgrade: tcp']
const HEAD_END = '\r\n\r\n'

/** A container whose console is this, and what it was asked. */
function consoleOf (att: ByteStream, args: string[] = []): { engine: Server, asked: unknown[] } {
  const asked: unknown[] = []
  const child = new Server('child')
    .onAttach((_name, call) => {
      asked.push(call.args)

      return { att, args }
    })
    .onStart((given) => { asked.push(['start', ...given]) })

  return { engine: engineOf({ web: child, 'exec/1': child }), asked }
}

function dial (scene: Scene): Socket {
  const socket = connect({ port: Number(scene.address.port), host: scene.address.hostname, allowHalfOpen: true })

  socket.on('error', () => {})
  onTestFinished(() => { socket.destroy() })

  return socket
}

/** The head of an answer; what lies behind it stays in the socket. */
async function readHead (socket: Socket): Promise<string> {
  let head = ''

  while (!head.includes(HEAD_END)) {
    const chunk = socket.read() as Buffer | null

    head += chunk?.toString('latin1') ?? ''

    if (chunk == null) {
      await once(socket, 'readable')
    }
  }

  const end = head.indexOf(HEAD_END) + HEAD_END.length

  socket.unshift(Buffer.from(head.slice(end), 'latin1'))

  return head.slice(0, end)
}

function attachHead (...more: string[]): string {
  return ['POST /v1.41/containers/web/attach?stream=1&stdin=1 HTTP/1.1', ...UPGRADE, 'Content-Type: text/plain', ...more, '', ''].join('\r\n')
}

async function readSome (stream: ByteStream): Promise<string> {
  return new TextDecoder().decode(await stream.read() ?? undefined)
}

describe('attaching by dockerserver', () => {
  it('upgrades, and then carries the bytes of both directions', async () => {
    const [here, there] = byteStreamPair()
    const { engine, asked } = consoleOf(there, ['application/vnd.docker.multiplexed-stream'])
    const socket = dial(await serverScene(engine))

    socket.write(attachHead())

    expect(await readHead(socket)).toBe('HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n')
    expect(asked).toEqual([['', 'stream=1&stdin=1']])
    socket.write('ping')
    expect(await readSome(here)).toBe('ping')
    await here.end('pong')
    expect(String(await buffer(socket))).toBe('pong')
    socket.end()
    expect(await here.read()).toBeNull()
  })

  it('loses no bytes that came with the request', async () => {
    const [here, there] = byteStreamPair()
    const socket = dial(await serverScene(consoleOf(there).engine))

    socket.write(`${attachHead()}early`)

    expect(await readSome(here)).toBe('early')
    await here.end()
  })

  it('takes a body for none of the bytes', async () => {
    const [here, there] = byteStreamPair()
    const socket = dial(await serverScene(consoleOf(there).engine))

    socket.write(`${attachHead('Content-Length: 15')}{"stream":true}early`)

    expect(await readSome(here)).toBe('early')
    await here.end()
  })

  it('ends the input, and goes on with the output', async () => {
    const [here, there] = byteStreamPair()
    const socket = dial(await serverScene(consoleOf(there).engine))

    socket.end(`${attachHead()}in`)

    expect(await here.bytes()).toEqual(new TextEncoder().encode('in'))
    await readHead(socket)
    await here.write('still ')
    await here.end('here')
    expect(String(await buffer(socket))).toBe('still here')
  })

  it('brings 8 MiB there and back in order, whoever of both waits', async () => {
    const [here, there] = byteStreamPair()
    const socket = dial(await serverScene(consoleOf(there).engine))
    const bytes = new Uint8Array(8 * 1024 * 1024).map((_, index) => index * 7 + (index >> 8))

    socket.write(attachHead())
    await readHead(socket)
    socket.end(bytes)

    const echoed = (async () => {
      for await (const chunk of here) {
        await here.write(chunk)
      }

      await here.end()
    })()
    const back = await buffer(socket)

    await echoed
    expect(back.equals(bytes)).toBe(true)
  })

  it('resets the console when the client breaks off', async () => {
    const [here, there] = byteStreamPair()
    const socket = dial(await serverScene(consoleOf(there).engine))

    socket.write(attachHead())
    await readHead(socket)
    socket.resetAndDestroy()

    await expect(here.read()).rejects.toMatchObject({ code: 'StreamReset' })
  })

  it('breaks the connection when the console is lost', async () => {
    const [here, there] = byteStreamPair()
    const socket = dial(await serverScene(consoleOf(there).engine))

    socket.write(attachHead())
    await readHead(socket)
    here.reset('the engine is gone')

    await expect(buffer(socket)).rejects.toMatchObject({ code: 'ECONNRESET' })
  })

  it('ends the output even while the client goes on sending', async () => {
    const [here, there] = byteStreamPair()
    const socket = dial(await serverScene(consoleOf(there).engine))

    socket.write(attachHead())
    await readHead(socket)
    here.closeRead()
    await here.end('done')
    socket.write(new Uint8Array(1024 * 1024))

    expect(String(await buffer(socket))).toBe('done')
  })

  it('answers errors as HTTP, and closes', async () => {
    const socket = dial(await serverScene(engineOf({})))

    socket.write(attachHead())

    const answer = String(await buffer(socket))

    expect(answer).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/)
    expect(answer).toMatch(/Connection: close/i)
    expect(answer.endsWith('\r\n\r\n{"message":"No such container: web"}\n')).toBe(true)
  })

  it('ends when the server is stopped', async () => {
    const [here, there] = byteStreamPair()
    const scene = await serverScene(consoleOf(there).engine)
    const socket = dial(scene)

    socket.write(attachHead())
    await readHead(socket)
    await scene.stop()

    await expect(here.read()).rejects.toMatchObject({ code: 'StreamReset' })
  })

  it('answers without an upgrade up to the end of the connection', async () => {
    const [here, there] = byteStreamPair()
    const socket = dial(await serverScene(consoleOf(there).engine))

    socket.write('POST /containers/web/attach HTTP/1.1\r\nHost: docker\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nin\r\n')

    const head = await readHead(socket)

    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(head).toContain('Content-Type: application/vnd.docker.raw-stream')
    expect(head).not.toMatch(/transfer-encoding|content-length/i)
    expect(await readSome(here)).toBe('in')
    socket.write('0\r\n\r\n')
    expect(await here.read()).toBeNull()
    await here.end('out')
    expect(String(await buffer(socket))).toBe('out')
  })
})

describe('an exec of dockerserver', () => {
  const BODY = '{"Detach":false,"Tty":false}'

  function startHead (...more: string[]): string {
    return ['POST /exec/1/start HTTP/1.1', ...UPGRADE, 'Content-Type: application/json', ...more, '', ''].join('\r\n')
  }

  it('starts with its body, and what lies behind that is its input', async () => {
    const [here, there] = byteStreamPair()
    const { engine, asked } = consoleOf(there)
    const socket = dial(await serverScene(engine))

    socket.write(`${startHead(`Content-Length: ${BODY.length}`)}${BODY}early`)

    expect(await readHead(socket)).toMatch(/^HTTP\/1\.1 101 UPGRADED/)
    expect(asked).toEqual([['', BODY]])
    expect(await readSome(here)).toBe('early')
    await here.end()
  })

  it('waits for a body that comes in pieces', async () => {
    const [here, there] = byteStreamPair()
    const { engine, asked } = consoleOf(there)
    const socket = dial(await serverScene(engine))

    socket.setNoDelay(true)
    socket.write(startHead(`Content-Length: ${BODY.length}`))
    socket.write(BODY.slice(0, 5))
    await new Promise<void>((resolve) => { setImmediate(resolve) })
    socket.write(BODY.slice(5))

    await readHead(socket)
    expect(asked).toEqual([['', BODY]])
    await here.end()
  })

  it.each([
    ['Transfer-Encoding: chunked', 411],
    ['Content-Length: 999999999', 413],
    ['Content-Length: 0', 400]
  ])('with %s is answered by %i', async (header, status) => {
    const [, there] = byteStreamPair()
    const socket = dial(await serverScene(consoleOf(there).engine))

    socket.write(startHead(header))

    expect(String(await buffer(socket))).toContain(`HTTP/1.1 ${status} `)
  })

  it('that is detached is only started', async () => {
    const [, there] = byteStreamPair()
    const { engine, asked } = consoleOf(there)
    const scene = await serverScene(engine)

    expect(await scene.ask('POST', '/exec/1/start', { body: '{"Detach":true}' })).toMatchObject({ status: 200, body: '' })
    expect(asked).toEqual([['start', '{"Detach":true}']])
  })

  it('tells what it is, and takes another size', async () => {
    const asked: unknown[] = []
    const exec = new Server('exec').onGet(() => ({ ID: '1', ExitCode: 7 })).onSet((args) => { asked.push(args) })
    const scene = await serverScene(engineOf({ 'exec/1': exec }))

    expect((await scene.ask('GET', '/exec/1/json')).json()).toEqual({ ID: '1', ExitCode: 7 })
    expect((await scene.ask('POST', '/exec/1/resize?h=1&w=2')).status).toBe(200)
    expect(asked).toEqual([['size', 'h=1&w=2']])
  })

  it('that is not there, or may not start, is an error', async () => {
    const exec = new Server('exec').onVerb(VERBS.attach, () => { throw new ServiceError('FailedPrecondition', 'it runs') })
    const scene = await serverScene(engineOf({ 'exec/2': exec }))

    expect((await scene.ask('POST', '/exec/1/start', { body: '{}' })).status).toBe(404)
    expect((await scene.ask('POST', '/exec/2/start', { body: '{}' })).status).toBe(409)
  })
})
