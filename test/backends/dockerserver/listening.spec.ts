import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { connect as connectTls } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { dockerserverBackend } from '../../../src/backends/dockerserver/dockerserver.ts'
import { parseServerOptions } from '../../../src/backends/dockerserver/server-options.ts'
import { adoptByteStream, byteStreamPair, pipe } from '../../../src/channel/index.ts'
import { Server } from '../../../src/service/index.ts'
import { createAuthority } from '../../support/certificates.ts'
import { serverScene, spawnServer } from './scene.ts'
import type { Message } from '../../../src/service/index.ts'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo, Server as NetServer } from 'node:net'

function folder (): string {
  const path = mkdtempSync(join(tmpdir(), 'dockerserver-'))

  onTestFinished(() => { rmSync(path, { recursive: true }) })

  return path
}

async function occupy (where: { path: string } | { port: number, host: string }): Promise<NetServer> {
  const server = createServer()

  server.listen(where)
  await once(server, 'listening')
  onTestFinished(() => { server.close() })

  return server
}

function engine (): Server {
  return new Server('engine').onGet(() => 'here')
}

describe('dockerserver, starting', () => {
  it('refuses to start where somebody listens, and the stage fails of it', async () => {
    const { port } = (await occupy({ port: 0, host: '127.0.0.1' })).address() as AddressInfo
    const stage = spawnServer([`tcp://127.0.0.1:${port}`])
    const { output } = await stage.attach()
    const said: Message[] = []
    const heard = (async () => {
      for await (const message of output) {
        said.push(message)
      }
    })()

    await expect(stage.start()).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringContaining(`tcp://127.0.0.1:${port}: listen EADDRINUSE`) as string })

    await heard
    expect(await adoptByteStream(said[0]?.att ?? {})?.stream.text()).toBe('')
    expect(said.map(({ args }) => args[0])).toEqual(['stderr', 'Unavailable', 'exit'])
    expect(await stage.get('status')).toMatchObject({ state: 'exited', code: 1 })
  })

  it('starts once', async () => {
    const { stage } = await serverScene(engine())

    await expect(stage.start()).rejects.toMatchObject({ code: 'FailedPrecondition' })
  })

  it('says where it listens', async () => {
    const scene = await serverScene(engine())

    await scene.ask('GET', '/info')

    expect(scene.logs).toEqual([`listening on tcp://127.0.0.1:${scene.address.port}`])
  })

  it('warns when it can be reached from elsewhere by anyone', async () => {
    const scene = await serverScene(engine(), ['tcp://0.0.0.0:0'])

    await scene.ask('GET', '/info')

    expect(scene.logs.at(-1)).toContain(`warn: whoever reaches tcp://0.0.0.0:${scene.address.port} controls the engine`)
  })

  it('answers on IPv6', async () => {
    const scene = await serverScene(engine(), ['tcp://[::1]:0'])

    expect((await scene.ask('GET', '/info')).body).toBe('"here"')
    expect(scene.logs).toEqual([`listening on tcp://[::1]:${scene.address.port}`])
  })
})

describe('dockerserver, stopping', () => {
  it('closes connections that wait for an answer, and those that wait for a request', async () => {
    const [, never] = pipe<Message>()
    const scene = await serverScene(new Server('engine').onGet(async () => never.closed))
    const port = Number(scene.address.port)
    const idle = connect(port, '127.0.0.1')
    const asked = scene.ask('GET', '/info')
    const failed = expect(asked).rejects.toThrow()

    await once(idle, 'connect')
    await scene.stop()

    await failed
    await expect(scene.ask('GET', '/info')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    idle.destroy()
  })

  it('cancels what was asked for clients', async () => {
    const cancelled = Promise.withResolvers<unknown>()
    const asked = Promise.withResolvers<void>()
    const scene = await serverScene(new Server('engine').onGet((_args, call) => {
      call.signal.addEventListener('abort', () => { cancelled.resolve(call.signal.reason) })
      asked.resolve()

      return cancelled.promise
    }))
    const answer = expect(scene.ask('GET', '/info')).rejects.toThrow()

    await asked.promise
    await scene.stop()

    await answer
    expect(await cancelled.promise).toMatchObject({ code: 'CallCancelled' })
  })
})

describe('dockerserver with nobody at its right', () => {
  it('ends, as there is nobody to ask', async () => {
    const stage = spawnServer(['tcp://127.0.0.1:0'])
    const { output } = await stage.attach()

    await stage.start()
    output.cancel()

    expect(await stage.get(['status', 'exited'])).toMatchObject({ state: 'exited', code: 141, signal: 'SIGPIPE' })
  })
})

describe('dockerserver on a unix socket', () => {
  it('lets its owner and group in, and leaves nothing behind', async () => {
    const path = join(folder(), 'docker.sock')
    const scene = await serverScene(engine(), [`unix://${path}`])

    expect(statSync(path).mode & 0o777).toBe(0o660)
    expect((await scene.ask('GET', '/info')).body).toBe('"here"')
    await scene.stop()
    expect(existsSync(path)).toBe(false)
  })

  it('takes the place of a socket that nobody listens on', async () => {
    const path = join(folder(), 'docker.sock')

    await leaveStaleSocket(path)
    expect(statSync(path).isSocket()).toBe(true)

    const scene = await serverScene(engine(), [`unix://${path}`])

    expect((await scene.ask('GET', '/info')).body).toBe('"here"')
  })

  it('does not take the place of one that is used', async () => {
    const path = join(folder(), 'docker.sock')

    await occupy({ path })

    await expect(spawnServer([`unix://${path}`]).start()).rejects.toMatchObject({ code: 'AlreadyExists', message: `wanted to listen on unix://${path}, but somebody listens there already` })
    expect(existsSync(path)).toBe(true)
  })

  it('does not take the place of a file', async () => {
    const path = join(folder(), 'docker.sock')

    writeFileSync(path, 'precious')

    await expect(spawnServer([`unix://${path}`]).start()).rejects.toMatchObject({ code: 'AlreadyExists', message: `wanted to listen on unix://${path}, but there is a file of that name which is no socket` })
  })

  it('says why it cannot listen there', async () => {
    await expect(spawnServer([`unix://${folder()}/no/docker.sock`]).start()).rejects.toMatchObject({ code: 'Unavailable' })
  })
})

/** As a process that was killed leaves it. */
async function leaveStaleSocket (path: string): Promise<void> {
  const { spawn } = await import('node:child_process')
  const child = spawn(process.execPath, ['-e', `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`])

  await once(child, 'close')
}

describe('dockerserver with TLS', () => {
  function files (): Record<'ca' | 'cert' | 'key' | 'clientCert' | 'clientKey', string> & { path: string } {
    const path = folder()
    const authority = createAuthority()
    const server = authority.issue('server')
    const client = authority.issue('client')

    writeFileSync(join(path, 'ca.pem'), authority.cert)
    writeFileSync(join(path, 'cert.pem'), server.cert)
    writeFileSync(join(path, 'key.pem'), server.key)

    return { path, ca: authority.cert, cert: server.cert, key: server.key, clientCert: client.cert, clientKey: client.key }
  }

  async function ask (port: string, options: { ca: string, cert?: string, key?: string }): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()

    request({ host: '127.0.0.1', port, path: '/info', agent: false, ...options }, resolve).on('error', reject).end()

    return text(await promise)
  }

  it('answers clients with a certificate of its authority, and no others', async () => {
    const { path, ca, clientCert: cert, clientKey: key } = files()
    const other = createAuthority('another').issue('client')
    const { address } = await serverScene(engine(), ['tcp://127.0.0.1:0', '--tlsverify', '--tlscacert', `${path}/ca.pem`, '--tlscert', `${path}/cert.pem`, '--tlskey', `${path}/key.pem`])

    expect(await ask(address.port, { ca, cert, key })).toBe('"here"')
    await expect(ask(address.port, { ca })).rejects.toThrow()
    await expect(ask(address.port, { ca, ...other })).rejects.toThrow()
  })

  it('lets a client end its input and read on', async () => {
    const { path, ca } = files()
    const [here, there] = byteStreamPair()
    const console = new Server('engine').onAttach((name) => name === '' ? { att: there } : { input: console })
    const { address } = await serverScene(console, ['tcp://127.0.0.1:0', '--tls', '--tlscert', `${path}/cert.pem`, '--tlskey', `${path}/key.pem`])
    const where = { host: '127.0.0.1', port: Number(address.port), ca, allowHalfOpen: true } // which Node's types do not know of
    const socket = connectTls(where)

    socket.end('POST /containers/web/attach HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nin')

    expect(await here.text()).toBe('in')
    await here.end('out')
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 101 UPGRADED[\s\S]*\r\n\r\nout$/)
  })

  it('warns of an address for everybody unless it asks for certificates', async () => {
    const { path, ca } = files()
    const tls = ['--tlscert', `${path}/cert.pem`, '--tlskey', `${path}/key.pem`]
    const open = await serverScene(engine(), ['tcp://0.0.0.0:0', '--tls', ...tls])
    const closed = await serverScene(engine(), ['tcp://0.0.0.0:0', '--tlsverify', '--tlscacert', `${path}/ca.pem`, ...tls])

    expect(await ask(open.address.port, { ca })).toBe('"here"')
    expect(open.logs).toHaveLength(2)
    expect(closed.logs).toEqual([`listening on tcp://0.0.0.0:${closed.address.port}`])
  })

  it('says which file it cannot read, or is of no use', async () => {
    const { path } = files()

    await expect(spawnServer(['--tls', '--tlscert', `${path}/nope`, '--tlskey', `${path}/key.pem`]).start())
      .rejects.toMatchObject({ code: 'InvalidArgument', message: expect.stringContaining('--tlscert') as string })
    await expect(spawnServer(['--tls', '--tlscert', `${path}/key.pem`, '--tlskey', `${path}/cert.pem`]).start())
      .rejects.toMatchObject({ code: 'InvalidArgument' })
  })
})

describe('the arguments of dockerserver', () => {
  it.each([
    [[], { kind: 'tcp', host: '127.0.0.1', port: 4243 }],
    [['tcp://localhost'], { kind: 'tcp', host: 'localhost', port: 4243 }],
    [['tcp://[::1]:80'], { kind: 'tcp', host: '::1', port: 80 }],
    [['unix:///run/a b.sock'], { kind: 'unix', path: '/run/a b.sock' }]
  ])('%j stand for %j', (args, address) => {
    expect(parseServerOptions(args)).toEqual({ address })
  })

  it.each([
    ['http://127.0.0.1:4243'],
    ['unix://relative'],
    ['unix:///'],
    ['tcp://'],
    ['tcp://host:99999'],
    ['tcp://host/path'],
    ['4243'],
    ['tcp://a', 'tcp://b'],
    ['--port', '1'],
    ['--tls'],
    ['--tlsverify', '--tlscert', 'c', '--tlskey', 'k'],
    ['--tlscacert', 'c']
  ])('%j are refused with the usage', (...args) => {
    expect(() => parseServerOptions(args)).toThrow(expect.objectContaining({ code: 'InvalidArgument', message: expect.stringContaining('usage: dockerserver [URL]') as string }) as Error)
  })

  it('are those of a backend that remote callers need permission for', () => {
    expect(dockerserverBackend).toMatchObject({ name: 'dockerserver', isPrivileged: true })
    expect(dockerserverBackend.description?.join(' ')).toContain('Whoever reaches the address controls the engine')
  })
})
