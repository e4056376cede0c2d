import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createSwarm } from '../../src/index.ts'
import { freePort } from '../support/free-port.ts'
import { tryCommand } from './support/memory-context.ts'
import { events, Folder, runCli, startListener } from './support/run-cli.ts'
import type { AddressInfo } from 'node:net'

const NOBODY = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'

/** Takes connections and says nothing, as a peer that hangs. */
async function startMute (): Promise<AsyncDisposable & { address: string }> {
  const server = createServer((socket) => { socket.on('error', () => {}).resume() })

  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })

  return {
    address: `/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () => new Promise((resolve) => { server.close(() => { resolve() }) })
  }
}

describe('swarmd dial', () => {
  it('says how it connected', async () => {
    await using folder = await Folder.create()
    await using listener = await startListener(folder)

    const { code, stdout, stderr } = await runCli(['dial', listener.address])

    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(stdout.split('\n')).toEqual([
      `connected to ${listener.peer}`,
      `  address     ${listener.address}`,
      '  encryption  /noise',
      '  muxer       /yamux/1.0.0',
      expect.stringMatching(/^ {2}dialled in {2}[\d.]+ ms$/),
      expect.stringMatching(/^ {2}ping {8}[\d.]+ ms$/),
      ''
    ])
  })

  it('says it to programs', async () => {
    await using folder = await Folder.create()
    await using listener = await startListener(folder)

    const { code, stdout } = await runCli(['dial', '--json', listener.address])

    expect(code).toBe(0)
    expect(events(stdout)).toEqual([{
      event: 'dialled',
      peer: listener.peer,
      address: listener.address,
      encryption: '/noise',
      multiplexer: '/yamux/1.0.0',
      durationMs: expect.any(Number),
      pingMs: expect.any(Number)
    }])
  })

  it('has dialled a peer also if that answers no pings', async () => {
    await using peer = await createSwarm({ listen: ['/ip4/127.0.0.1/tcp/0'] })

    const { code, stdout } = await runCli(['dial', '--json', String(peer.interfaceListenAddresses()[0])])

    expect(code).toBe(0)
    expect(events(stdout)).toMatchObject([{ event: 'dialled', pingMs: null, pingError: expect.stringContaining('/ipfs/ping/1.0.0') }])
  })

  it('finds a peer by its ID at the addresses that it is given, and passes over a dead one', async () => {
    await using folder = await Folder.create()
    await using listener = await startListener(folder)
    const dead = `/ip4/127.0.0.1/tcp/${await freePort()}`
    const alive = listener.address.replace(/\/p2p\/.*/, '')

    const { code, stdout } = await runCli(['dial', '--json', listener.peer, dead, '--addr', alive])

    expect(code).toBe(0)
    expect(events(stdout)[0]).toMatchObject({ peer: listener.peer, address: expect.stringContaining(alive) })
  })

  it('shows the key that it is given, and a new one otherwise', async () => {
    await using folder = await Folder.create()
    await using listener = await startListener(folder)
    const [shown] = events((await runCli(['id', '--json', '--key', folder.file('mine')])).stdout)

    await runCli(['dial', listener.address, '--key', folder.file('mine')])
    await runCli(['dial', listener.address])

    expect((await listener.event('connected')).peer).toBe(shown?.peer)
    expect((await listener.event('connected')).peer).not.toBe(shown?.peer)
  })

  it('says for each address why it failed', async () => {
    const addresses = [`/ip4/127.0.0.1/tcp/${await freePort()}`, `/ip4/127.0.0.1/tcp/${await freePort()}`]

    const { code, stdout, stderr } = await runCli(['dial', NOBODY, ...addresses])

    expect(code).toBe(3)
    expect(stdout).toBe('')
    expect(stderr).toMatch(new RegExp(`^swarmd: failed to dial ${NOBODY}: all dials failed \\(2 addresses, \\d+ ms\\)\n`))

    for (const address of addresses) {
      expect(stderr).toMatch(new RegExp(`  \\* \\[${address}(/p2p/${NOBODY})?\\] connect: connection refused`))
    }
  })

  it('says it to programs, code and phase of each address', async () => {
    const address = `/ip4/127.0.0.1/tcp/${await freePort()}`

    const { code, stderr } = await runCli(['dial', '--json', `${address}/p2p/${NOBODY}`])

    expect(code).toBe(3)
    expect(events(stderr)).toMatchObject([{
      event: 'error',
      name: 'DialError',
      code: 'AllDialsFailed',
      exitCode: 3,
      peer: NOBODY,
      errors: [{ address: expect.stringContaining(address), phase: 'connect', code: 'ConnectFailed' }]
    }])
  })

  it('notices when another peer answers', async () => {
    await using folder = await Folder.create()
    await using listener = await startListener(folder)

    const { code, stderr } = await runCli(['dial', '--json', listener.address.replace(listener.peer, NOBODY)])

    expect(code).toBe(3)
    expect(events(stderr)).toMatchObject([{ errors: [{ code: 'UnexpectedPeer', phase: 'encrypt' }] }])
  })

  it('gives up when its time is over', async () => {
    await using mute = await startMute()

    const { code, stderr } = await runCli(['dial', '--timeout', '300', mute.address])

    expect(code).toBe(3)
    expect(stderr).toContain('timed out')
    expect(stderr).toContain('--timeout')
  })

  it('says how to tell where a peer is', async () => {
    const { code, stderr } = await runCli(['dial', NOBODY])

    expect(code).toBe(3)
    expect(stderr).toMatch(/: no addresses.*\n {2}-> say where the peer is: with --addr, .*or use a multiaddr\n$/)
  })

  it.each([
    ['nothing', [], 'dial wants <target>, and nothing came'],
    ['a word', ['alice'], "dial wants a peer ID or a multiaddr such as /ip4/127.0.0.1/tcp/4001, received 'alice'"],
    ['half an address', ['/ip4/127.0.0.1/tcp'], "received '/ip4/127.0.0.1/tcp'"],
    ['two peers', [NOBODY, NOBODY], `dial wants a multiaddr such as /ip4/127.0.0.1/tcp/4001, received '${NOBODY}'`],
    ['addresses of two peers', [`/ip4/127.0.0.1/tcp/1/p2p/${NOBODY}`, '/ip4/127.0.0.1/tcp/1/p2p/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC'], 'all addresses of one dial must be of one peer']
  ])('does not understand %s', async (_, args, message) => {
    const { code, stderr } = await tryCommand(['dial', ...args])

    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })

  it('wants a key file that is named to be there', async () => {
    await using folder = await Folder.create()

    const { code, stderr } = await tryCommand(['dial', '/ip4/127.0.0.1/tcp/1', '--key', folder.file('missing')])

    expect(code).toBe(6)
    expect(stderr).toBe(`swarmd: there is no key file ${folder.file('missing')}; make one with 'swarmd id --key ${folder.file('missing')}'\n`)
  })
})
