import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { createSwarm } from '../../src/index.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { tryCommand } from './support/memory-context.ts'
import { events, Folder, runCli, Running, startListener } from './support/run-cli.ts'

const BIG = 8 * 1024 * 1024

function randomBytes (length: number, seed: number): Uint8Array {
  const random = seededRandom(seed)

  return Uint8Array.from({ length }, () => Math.floor(random() * 256))
}

function digest (bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Listens with --serve, where stdout belongs to the stream and the addresses are told on stderr. */
async function startServer (folder: Folder, protocol: string): Promise<{ server: Running, address: string }> {
  const server = new Running(['listen', '/ip4/127.0.0.1/tcp/0', '--serve', protocol, '--json', '--key', folder.file('server.key')])
  const [, address = ''] = await server.saidOnStderr(/"addresses":\["([^"]+)"/)

  return { server, address }
}

describe('swarmd cat', () => {
  it('sends stdin, and prints what comes', async () => {
    await using folder = await Folder.create()
    await using listener = await startListener(folder, ['--echo'])

    const { code, stdout, stderr } = await runCli(['cat', listener.address, '/echo/1.0.0'], { input: 'hello\n' })

    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'hello\n', stderr: '' })
  })

  it('carries 8 MiB there and back, byte for byte', async () => {
    await using folder = await Folder.create()
    await using listener = await startListener(folder, ['--echo'])
    const input = randomBytes(BIG, 1)

    const { code, bytes, stderr } = await runCli(['cat', '--json', listener.peer, '/echo/1.0.0', '--addr', listener.address], { input })

    expect(code).toBe(0)
    expect(bytes.length).toBe(BIG)
    expect(digest(bytes)).toBe(digest(input))
    expect(events(stderr)).toEqual([{ event: 'ended', protocol: '/echo/1.0.0', sent: BIG, received: BIG }])
  })

  it('meets listen --serve: 8 MiB each way at the same time, and both end', async () => {
    await using folder = await Folder.create()
    const { server, address } = await startServer(folder, '/file/1.0.0')
    await using _server = server
    const [there, back] = [randomBytes(BIG, 2), randomBytes(BIG, 3)]

    server.child.stdin.end(back)

    const client = await runCli(['cat', address, '/file/1.0.0'], { input: there })
    const served = await server.exited

    expect(_server.child.killed).toBe(false)
    expect([client.code, served.code]).toEqual([0, 0])
    expect(digest(client.bytes)).toBe(digest(back))
    expect(digest(served.bytes)).toBe(digest(there))
  })

  it('ends its own direction with stdin, and goes on reading', async () => {
    await using folder = await Folder.create()
    const { server, address } = await startServer(folder, '/talk/1.0.0')
    await using _server = server
    await using client = new Running(['cat', address, '/talk/1.0.0'])

    client.child.stdin.end('question\n')
    await server.line(/^question$/)
    server.child.stdin.write('answer\n')
    await client.line(/^answer$/)

    expect([_server.child.exitCode, client.child.exitCode]).toEqual([null, null])

    server.child.stdin.end('bye\n')

    expect((await client.exited).stdout).toBe('answer\nbye\n')
    expect((await server.exited).stdout).toBe('question\n')
  })

  it('prints what comes while stdin is silent', async () => {
    await using folder = await Folder.create()
    const { server, address } = await startServer(folder, '/talk/1.0.0')
    await using _server = server
    await using client = new Running(['cat', address, '/talk/1.0.0'])

    server.child.stdin.write('first\n')
    await client.line(/^first$/)
    client.child.stdin.write('second\n')
    await _server.line(/^second$/)

    client.child.kill('SIGINT')

    expect(await client.exited).toMatchObject({ code: 130, signal: null, stderr: '' })
  })

  it('fails when the peer goes away in the middle', async () => {
    await using folder = await Folder.create()
    const { server, address } = await startServer(folder, '/talk/1.0.0')
    await using client = new Running(['cat', address, '/talk/1.0.0'])

    client.child.stdin.write('still there?\n')
    await server.line(/^still there\?$/)
    server.child.kill('SIGKILL')
    await server.exited

    const { code, stderr } = await client.exited

    expect(code).toBe(1)
    expect(stderr).toMatch(/^swarmd: .*connection was lost/)
  })

  it('ends quietly when nobody reads what it prints', async () => {
    await using folder = await Folder.create()
    const { server, address } = await startServer(folder, '/talk/1.0.0')
    await using _server = server
    await using client = new Running(['cat', address, '/talk/1.0.0'])

    server.child.stdin.write('one\n')
    await client.line(/^one$/)
    client.child.stdout.destroy()
    _server.child.stdin.write('two\n')

    expect(await client.exited).toMatchObject({ code: 0, signal: null, stderr: '' })
  })

  it('is told when the peer does not speak the protocol', async () => {
    await using folder = await Folder.create()
    await using listener = await startListener(folder)

    const { code, stdout, stderr } = await runCli(['cat', listener.address, '/echo/1.0.0'], { input: 'hello' })

    expect(code).toBe(4)
    expect(stdout).toBe('')
    expect(stderr).toContain('/echo/1.0.0')
  })

  it('waits for the answer to a protocol only as long as it is told to', async () => {
    await using mute = await createSwarm({ listen: ['/ip4/127.0.0.1/tcp/0'] })

    mute.setStreamHandler(() => {})

    const { code, stderr } = await runCli(['cat', String(mute.interfaceListenAddresses()[0]), '/echo/1.0.0', '--timeout', '2s'])

    expect(code).toBe(5)
    expect(stderr).toBe('swarmd: opening a stream of /echo/1.0.0 took longer than 2000 ms; allow more with --timeout\n')
  })

  it('is the only one that listen --serve serves', async () => {
    await using folder = await Folder.create()
    const { server, address } = await startServer(folder, '/talk/1.0.0')
    await using _server = server
    await using client = new Running(['cat', address, '/talk/1.0.0'])

    client.child.stdin.write('first\n')
    await _server.line(/^first$/)

    const { code, stderr } = await runCli(['cat', address, '/talk/1.0.0'])

    expect(code).toBe(4)
    expect(stderr).toContain('/talk/1.0.0')
  })

  it('ends at Ctrl-C while nobody reads what it prints', async () => {
    await using folder = await Folder.create()
    await using listener = await startListener(folder, ['--echo'])
    await using client = new Running(['cat', listener.address, '/echo/1.0.0'])

    await client.stall(randomBytes(BIG, 4))
    client.child.kill('SIGINT')
    await once(client.child, 'exit')

    expect(client.child.exitCode).toBe(130)
  })

  it('says more if asked to', async () => {
    await using folder = await Folder.create()
    await using listener = await startListener(folder, ['--echo'])

    const { stderr } = await runCli(['cat', '-v', listener.address, '/echo/1.0.0'], { input: 'hello' })

    expect(stderr).toContain(`+ ${listener.peer} connected to ${listener.address}`)
    expect(stderr).toContain(`/echo/1.0.0 opened to ${listener.address}\n`)
    expect(stderr).toContain('/echo/1.0.0 ended, 5 bytes in, 5 bytes out\n')
  })

  it('fails when there is no connection', async () => {
    expect((await runCli(['cat', '/ip4/127.0.0.1/tcp/1', '/echo/1.0.0'])).code).toBe(3)
  })

  it.each([
    ['a missing protocol', ['/ip4/127.0.0.1/tcp/1'], 'cat wants <protocol>, and nothing came'],
    ['a protocol that is none', ['/ip4/127.0.0.1/tcp/1', 'echo'], "cat wants the name of a protocol, as /echo/1.0.0, received 'echo'"],
    ['an operand too many', ['/ip4/127.0.0.1/tcp/1', '/a', '/b'], "cat wants nothing after <protocol>, received '/b'"]
  ])('does not understand %s', async (_, args, message) => {
    const { code, stderr } = await tryCommand(['cat', ...args])

    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })
})
