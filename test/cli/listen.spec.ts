import { chmod } from 'node:fs/promises'
import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { tryCommand } from './support/memory-context.ts'
import { events, Folder, runCli, Running, startListener } from './support/run-cli.ts'
import type { AddressInfo } from 'node:net'

const LOCAL = '/ip4/127.0.0.1/tcp/0'

describe('swarmd listen', () => {
  it('prints addresses that can be dialled, and what it serves', async () => {
    await using folder = await Folder.create()
    await using listener = new Running(['listen', LOCAL, '--echo', '--key', folder.file('key')])

    const [, peer = ''] = await listener.line(/^peer ID {4}(12D3KooW\w+)$/)
    const [, address = ''] = await listener.line(/^listening {2}(\/ip4\/127\.0\.0\.1\/tcp\/[1-9]\d*\/p2p\/\w+)$/)

    await listener.line(/^serving {4}\/ipfs\/ping\/1\.0\.0 \/echo\/1\.0\.0$/)

    expect(address).toContain(peer)
    expect((await runCli(['dial', address])).code).toBe(0)
  })

  it('listens on all interfaces by default, and says so', async () => {
    await using folder = await Folder.create()
    await using listener = new Running(['listen', '--json', '--key', folder.file('key')])

    const { addresses } = await listener.event('listening') as { addresses: string[] }

    await listener.saidOnStderr(/"event":"hint"/)
    expect(addresses.some((address) => address.startsWith('/ip4/127.0.0.1/tcp/'))).toBe(true)
    expect(addresses.some((address) => address.includes('0.0.0.0'))).toBe(false)
  })

  it('keeps its peer ID in the file of its key', async () => {
    await using folder = await Folder.create()
    const env = { XDG_DATA_HOME: folder.path }
    await using listener = new Running(['listen', '--json', LOCAL], { env })

    const { peer } = await listener.event('listening')

    expect(events((await runCli(['id', '--json'], { env })).stdout)[0]).toMatchObject({ peer, created: false })
  })

  it('logs who comes, what they do, and that they go', async () => {
    await using folder = await Folder.create()
    await using listener = new Running(['listen', LOCAL, '--echo', '--key', folder.file('key')])
    const [, address = ''] = await listener.line(/^listening {2}(.*)$/)

    await runCli(['cat', address, '/echo/1.0.0'], { input: 'hello' })

    const [, peer = ''] = await listener.line(/^\+ (\w+) connected from \/ip4\/127\.0\.0\.1\/tcp\/\d+.* \(\/noise, \/yamux\/1\.0\.0\)$/)

    await listener.line(new RegExp(`^  stream /echo/1\\.0\\.0 opened by ${peer} ended, \\d+ bytes in, \\d+ bytes out$`))
    await listener.line(new RegExp(`^- ${peer} disconnected: \\w+ by the peer$`))
  })

  it('logs it for programs', async () => {
    await using folder = await Folder.create()
    await using listener = await startListener(folder, ['--echo'])

    await runCli(['cat', listener.address, '/echo/1.0.0'], { input: 'hello' })

    const { peer } = await listener.event('connected')

    expect(await listener.event('stream')).toMatchObject({ peer, protocol: '/echo/1.0.0', direction: 'inbound' })
    expect(await listener.event('disconnected')).toMatchObject({ peer, by: 'remote' })
  })

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 0],
    ['SIGHUP', 129]
  ] as const)('closes at %s and exits %d', async (signal, code) => {
    await using folder = await Folder.create()
    await using listener = await startListener(folder)

    listener.child.kill(signal)

    expect(await listener.exited).toMatchObject({ code, signal: null, stderr: '' })
  })

  it('ends when its time is over', async () => {
    await using folder = await Folder.create()

    const { code, stdout } = await runCli(['listen', '--json', LOCAL, '--timeout', '10', '--key', folder.file('key')])

    expect(code).toBe(0)
    expect(stdout).toMatch(/^(\{"event":"listening".*\n)?$/)
  })

  it('ends quietly when nobody reads what it prints', async () => {
    await using folder = await Folder.create()
    await using listener = await startListener(folder)

    listener.child.stdout.destroy()
    await runCli(['dial', listener.address])

    expect(await listener.exited).toMatchObject({ code: 0, signal: null, stderr: '' })
  })

  it('says why it cannot listen', async () => {
    await using folder = await Folder.create()
    const server = createServer()

    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })

    const { port } = server.address() as AddressInfo
    const { code, stderr } = await runCli(['listen', `/ip4/127.0.0.1/tcp/${port}`, '--key', folder.file('key')])

    await new Promise((resolve) => { server.close(resolve) })

    expect(code).toBe(7)
    expect(stderr).toContain(`/ip4/127.0.0.1/tcp/${port}`)
  })

  it('listens on what it can, and tells what it cannot', async () => {
    await using folder = await Folder.create()
    await using first = await startListener(folder)
    const used = first.address.replace(/\/p2p\/.*/, '')
    await using second = new Running(['listen', '--json', LOCAL, used, '--key', folder.file('other.key')])

    expect(await second.event('trouble')).toMatchObject({ during: expect.stringContaining(used) })
    expect((await second.event('listening')).addresses).toHaveLength(1)
  })

  it('does not listen with a key that others can read', async () => {
    await using folder = await Folder.create()
    const key = folder.file('key')

    await runCli(['id', '--key', key])
    await chmod(key, 0o660)

    const { code, stderr } = await runCli(['listen', LOCAL, '--key', key])

    expect(code).toBe(6)
    expect(stderr).toContain(`chmod 600 ${key}`)
  })

  it.each([
    ['an address that is none', ['here'], 'here'],
    ['a protocol that is none', [LOCAL, '--serve', 'echo'], "--serve wants the name of a protocol, as /echo/1.0.0, received 'echo'"]
  ])('does not understand %s', async (_, args, message) => {
    await using folder = await Folder.create()

    const { code, stderr } = await tryCommand(['listen', '--key', folder.file('key'), ...args])

    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })
})
