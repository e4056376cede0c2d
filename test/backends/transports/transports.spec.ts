import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createHost } from '../../../src/backends/index.ts'
import { byteStreamPair, connect } from '../../../src/channel/index.ts'
import { LOCAL, VERBS } from '../../../src/service/index.ts'
import { createAuthority } from '../../support/certificates.ts'
import { turns } from '../../support/settle.ts'
import { tcpProxy } from '../../support/tcp-proxy.ts'
import { tcpServer } from '../../support/tcp-server.ts'
import { until } from '../../support/until.ts'
import { connected, listening } from './scene.ts'

const signal = new AbortController().signal

let folder = ''

beforeAll(async () => {
  const authority = createAuthority()

  folder = await mkdtemp(join(tmpdir(), 'swarmd-'))
  await writeFile(join(folder, 'ca.pem'), authority.cert)

  for (const name of ['server', 'client']) {
    const { cert, key } = authority.issue(name)

    await writeFile(join(folder, `${name}.pem`), cert)
    await writeFile(join(folder, `${name}.key`), key)
  }
})

afterAll(async () => {
  await rm(folder, { recursive: true })
})

/** With the paths of files. */
function at (line: string): string {
  return line.replaceAll('%', folder)
}

const SERVER = '--cert %/server.pem --key %/server.key'
const TRUST = '--ca %/ca.pem'

describe('a stage that listens and one that connects', () => {
  it.each([
    ['tcp', 'tcp listen 0', 'tcp', /^tcp:\/\/127\.0\.0\.1:\d+$/],
    ['unix', 'unix listen %/pair.sock', 'unix connect', /^unix:\/\/\/.*pair\.sock$/],
    ['tls', `tls listen localhost:0 ${SERVER}`, `tls ${TRUST}`, /^tls:\/\/(127\.0\.0\.1|\[::1\]):\d+$/],
    ['http2', 'http2 listen 0/engine', 'http2', /^http2:\/\/127\.0\.0\.1:\d+$/],
    ['http2 with TLS', `http2 listen 0 ${SERVER}`, `http2 connect ${TRUST}`, /^https2:\/\/127\.0\.0\.1:\d+$/],
    ['websocket', 'websocket listen 0/engine', 'websocket', /^ws:\/\/127\.0\.0\.1:\d+$/],
    ['websocket with TLS', `websocket listen 0 ${SERVER}`, `websocket ${TRUST}`, /^wss:\/\/127\.0\.0\.1:\d+$/]
  ])('carry questions, children and bytes over %s, and say where the caller is', async (_, listen, line, peer) => {
    await using server = await listening(at(listen))
    await using client = await connected(`${at(line)} ${server.url}`)
    await using web = await client.input.child('web')
    const echo = await client.input.connect()

    expect(await client.input.ls()).toEqual(['web', 'db'])
    expect(await web.get()).toEqual({ name: 'web' })
    expect(server.right.callers).toEqual([{ peer: expect.stringMatching(peer) }])

    await echo.end('x'.repeat(300_000))
    expect((await echo.text()).length).toBe(300_000)
  })

  it('does not let those who connect pass for this process', async () => {
    await using server = await listening('tcp listen 0')
    await using client = await connected(`tcp ${server.url}`)
    await using backends = await client.input.child('backends')
    await using exec = await backends.child('exec')

    await expect(exec.spawn('ls')).rejects.toMatchObject({ code: 'PermissionDenied', message: expect.stringContaining('peer tcp://127.0.0.1:') })
  })

  it('deliver all bytes that were given, though the input has ended, before the connection is closed', async () => {
    await using server = await listening('tcp listen 0')
    await using client = await connected(`tcp ${server.url}`)
    const [near, far] = byteStreamPair()

    await client.input.target.send({ verb: VERBS.file, args: ['stdout'], att: far })
    await client.input.close()
    await near.write('x')
    await turns(100)
    await near.end('y'.repeat(999_999))

    const said = await client.said

    expect((await server.right.files[0])?.text.length).toBe(1_000_000)
    expect(said.at(-1)?.args).toEqual(['exit', '0', ''])
  })

  it('pass on that bytes were cut off', async () => {
    await using server = await listening('tcp listen 0')
    await using client = await connected(`tcp ${server.url}`)
    const [near, far] = byteStreamPair()

    await client.input.target.send({ verb: VERBS.file, args: ['stdout'], att: far })
    await near.write('half')
    await until(() => server.right.files.length === 1)
    near.reset('the disk is gone')

    expect(await server.right.files[0]).toEqual({ text: 'half', error: expect.objectContaining({ code: 'StreamReset' }) })
  })

  it('do not take an input that was cut off for an end', async () => {
    await using server = await listening('tcp listen 0')
    await using client = await connected(`tcp ${server.url}`)

    await client.input.ls()
    client.input.target.abort('the stage before it was lost')

    const said = await client.said

    expect(said.at(-2)?.args).toEqual(['Unavailable', expect.stringContaining('the stage before it was lost')])
    expect(said.at(-1)?.args).toEqual(['exit', '1', ''])
  })
})

describe('a stage that connects', () => {
  it.each([
    ['tcp 1', 'Unavailable', /nothing listens at 127\.0\.0\.1:1/],
    ['unix %/none.sock', 'Unavailable', /there is no socket/],
    ['tcp', 'InvalidArgument', /wanted one address, received none; usage: tcp \[listen/],
    ['tcp connect a:1 b:2', 'InvalidArgument', /wanted one address, received connect a:1 b:2/],
    ['tcp ws://127.0.0.1:1', 'InvalidArgument', /wanted an address of tcp:/],
    ['tcp 127.0.0.1:1 --cert x', 'InvalidArgument', /Unknown option '--cert'/],
    ['tcp 127.0.0.1:99999', 'InvalidArgument', /an address must be a URL/],
    ['http2 http2://127.0.0.1:1 --insecure', 'InvalidArgument', /is not encrypted, and options of TLS are of no use there: wanted https2:/],
    ['websocket ws://127.0.0.1:1 --insecure', 'InvalidArgument', /is not encrypted, and options of TLS are of no use there: wanted wss:/],
    ['tls 1 --ca %/missing.pem', 'InvalidArgument', /cannot read the file of --ca/]
  ])('refuses %s', async (line, code, message) => {
    await expect(connected(at(line))).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  })

  it('refuses somebody who speaks something else', async () => {
    await using server = await tcpServer((socket) => { socket.write('HTTP/1.1 400 Bad Request\r\n\r\n') })

    await expect(connected(`tcp ${server.address.replace('/ip4/', '').replace('/tcp/', ':')}`)).rejects.toMatchObject({ code: 'Unavailable' })
  })

  it('fails when the connection is lost, and says so to those who wait', async () => {
    await using server = await listening('tcp listen 0')
    await using proxy = await tcpProxy({ port: Number(new URL(server.url).port), host: '127.0.0.1' })
    await using client = await connected(`tcp ${proxy.port}`)
    const events = await client.input.watch('events')

    proxy.cut('reset')

    await expect(events.receive()).rejects.toThrow()

    const said = await client.said

    expect(said.at(-2)?.args).toEqual(['Unavailable', expect.stringMatching(/^lost tcp:\/\/127\.0\.0\.1:\d+/)])
    expect(said.at(-1)?.args).toEqual(['exit', '1', ''])
    await expect(client.input.ls()).rejects.toMatchObject({ code: expect.any(String) })
  })

  it('fails when the other side goes', async () => {
    const server = await listening('tcp listen 0')

    await using client = await connected(`tcp ${server.url}`)

    await client.input.ls()
    await server[Symbol.asyncDispose]()

    expect((await client.said).at(-2)?.args).toEqual(['Unavailable', expect.stringContaining('closed the connection')])
  })

  it('lets go of the connection when it was never started', async () => {
    await using server = await listening('tcp listen 0')
    const stage = await createHost().launch(`tcp ${server.url}`, { caller: LOCAL, signal })

    await stage.object.close()
    await expect.poll(async () => server.object.get()).toEqual({ url: server.url, sessions: 0 })
  })
})

describe('a stage that listens', () => {
  it('answers others when one is lost', async () => {
    await using server = await listening('tcp listen 0')
    await using proxy = await tcpProxy({ port: Number(new URL(server.url).port), host: '127.0.0.1' })
    await using lost = await connected(`tcp ${proxy.port}`)
    await using other = await connected(`tcp ${server.url}`)

    await lost.input.ls()
    proxy.cut('reset')
    await lost.said

    expect(await other.input.ls()).toEqual(['web', 'db'])
  })

  it('takes one channel of each who connects, and refuses more', async () => {
    await using server = await listening('tcp listen 0')
    await using session = await connect(server.url)
    const [root, second] = [session.newSendChannel(), session.newSendChannel()]

    await root.send({ verb: VERBS.log, args: ['hello'] })
    await second.send({ verb: VERBS.log, args: ['hello'] })

    expect(await second.closed).toMatchObject({ how: 'cancelled', reason: { message: 'this side takes no more channels' } })
  })

  it('refuses an address that is in use', async () => {
    await using server = await listening('tcp listen 0')

    await expect(listening(`tcp listen ${new URL(server.url).port}`)).rejects.toMatchObject({ code: 'ListenFailed', message: expect.stringContaining('EADDRINUSE') })
  })

  it('is gone when it is stopped, or was never started', async () => {
    const path = join(folder, 'gone.sock')
    const server = await listening(`unix listen ${path}`)

    await server[Symbol.asyncDispose]()
    await expect(stat(path)).rejects.toThrow('ENOENT')

    const stage = await createHost().launch(`unix listen ${path}`, { caller: LOCAL, signal })

    expect((await stat(path)).isSocket()).toBe(true)
    await stage.object.close()
    await expect.poll(async () => stat(path).then(() => 'there', () => 'gone')).toBe('gone')
  })

  it('takes the place of a socket that was left behind, but of no file, and of nobody who listens', async () => {
    await writeFile(join(folder, 'file.sock'), '')

    await using live = await listening(at('unix listen %/live.sock'))

    await expect(listening(at('unix listen %/live.sock'))).rejects.toMatchObject({ code: 'ListenFailed', message: expect.stringContaining('somebody else listens there') })
    await expect(listening(at('unix listen %/file.sock'))).rejects.toMatchObject({ code: 'ListenFailed', message: expect.stringContaining('no socket') })

    await leaveSocket(join(folder, 'stale.sock'))

    await using stale = await listening(at('unix listen %/stale.sock'))
    await using client = await connected(at('unix %/stale.sock'))

    expect(await client.input.ls()).toEqual(['web', 'db'])
    expect([live.url, stale.url]).toEqual([expect.stringContaining('live.sock'), expect.stringContaining('stale.sock')])
  })

  it('needs a certificate for TLS, and asks for one of others when told to', async () => {
    await expect(listening('tls listen 0')).rejects.toMatchObject({ code: 'InvalidArgument', message: expect.stringContaining('tls.cert') })

    await using server = await listening(at(`tls listen 0 ${SERVER} ${TRUST} --require-cert`))

    await expect(connected(at(`tls ${server.url}`))).rejects.toMatchObject({ code: 'Unavailable' })
    await expect(connected(at(`tls ${server.url} ${TRUST}`))).rejects.toMatchObject({ code: 'Unavailable' })

    await using client = await connected(at(`tls ${server.url} ${TRUST} --cert %/client.pem --key %/client.key`))
    await using trusting = await connected(at(`tls ${server.url} --insecure --cert %/client.pem --key %/client.key`))

    expect(await client.input.ls()).toEqual(['web', 'db'])
    expect(await trusting.input.ls()).toEqual(['web', 'db'])
  })

  it('is refused to remote callers', async () => {
    const launching = createHost().launch('tcp listen 0', { caller: { peer: 'x' }, signal })

    await expect(launching).rejects.toMatchObject({ code: 'PermissionDenied' })
  })
})

/** As a process does that is killed. */
async function leaveSocket (path: string): Promise<void> {
  const child = spawn(process.execPath, ['-e', `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`])

  await once(child, 'exit')
}
