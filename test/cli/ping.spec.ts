import { describe, expect, it } from 'vitest'
import { createSwarm } from '../../src/index.ts'
import { tryCommand } from './support/memory-context.ts'
import { events, Folder, runCli, Running, startListener } from './support/run-cli.ts'

describe('swarmd ping', () => {
  it('prints a line for each answer, and the statistics', async () => {
    await using folder = await Folder.create()
    await using listener = await startListener(folder)

    const { code, stdout, stderr } = await runCli(['ping', listener.address, '-c', '3', '-i', '10ms'])

    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(stdout.split('\n')).toEqual([
      `PING ${listener.peer} at ${listener.address} (/noise, /yamux/1.0.0)`,
      expect.stringMatching(/^32 bytes: seq=1 time=\d+\.\d{3} ms$/),
      expect.stringMatching(/^32 bytes: seq=2 time=\d+\.\d{3} ms$/),
      expect.stringMatching(/^32 bytes: seq=3 time=\d+\.\d{3} ms$/),
      `--- ${listener.peer} ping statistics ---`,
      '3 sent, 3 answered, 0% lost',
      expect.stringMatching(/^round trip min\/avg\/max\/mdev = (\d+\.\d{3}\/){3}\d+\.\d{3} ms$/),
      ''
    ])
  })

  it('says it to programs', async () => {
    await using folder = await Folder.create()
    await using listener = await startListener(folder)

    const { code, stdout } = await runCli(['ping', '--json', listener.address, '--count=2', '--interval=0.01'])

    expect(code).toBe(0)
    expect(events(stdout)).toMatchObject([
      { event: 'connected', peer: listener.peer },
      { event: 'pong', sequence: 1, bytes: 32, timeMs: expect.any(Number) },
      { event: 'pong', sequence: 2 },
      { event: 'statistics', sent: 2, received: 2, lossPercent: 0, minMs: expect.any(Number) }
    ])
  })

  it('goes on until Ctrl-C, and then prints the statistics', async () => {
    await using folder = await Folder.create()
    await using listener = await startListener(folder)
    await using ping = new Running(['ping', listener.address, '-i', '10ms'])

    await ping.line(/seq=3/)
    ping.child.kill('SIGINT')

    const { code, stdout } = await ping.exited

    expect(code).toBe(130)
    expect(stdout).toMatch(/\n--- .* ping statistics ---\n\d+ sent, \d+ answered, \d+% lost\nround trip/)
  })

  it('counts what is lost, and dials again when the peer is back', async () => {
    await using folder = await Folder.create()
    await using first = await startListener(folder)
    const bound = first.address.replace(/\/p2p\/.*/, '')
    await using ping = new Running(['ping', '--json', first.address, '-i', '50ms', '--timeout', '5s'])

    await ping.event('pong')
    first.child.kill('SIGKILL')
    await first.exited
    await ping.event('lost')

    await using again = new Running(['listen', '--json', '--key', folder.file('listener.key'), bound])

    await again.event('listening')
    await ping.event('pong')
    ping.child.kill('SIGINT')

    const { code } = await ping.exited
    const { sent, received } = await ping.event('statistics')

    expect(code).toBe(130)
    expect(Number(sent)).toBeGreaterThan(Number(received))
    expect(Number(received)).toBeGreaterThan(1)
  })

  it('is told when the peer answers no pings', async () => {
    await using peer = await createSwarm({ listen: ['/ip4/127.0.0.1/tcp/0'] })

    const { code, stderr } = await runCli(['ping', String(peer.interfaceListenAddresses()[0])])

    expect(code).toBe(4)
    expect(stderr).toContain('/ipfs/ping/1.0.0')
  })

  it('waits for an answer only as long as it is told to', async () => {
    await using peer = await createSwarm({ listen: ['/ip4/127.0.0.1/tcp/0'] })

    peer.handle('/ipfs/ping/1.0.0', async (stream) => { await stream.read() })

    const { code, stdout } = await runCli(['ping', '--json', String(peer.interfaceListenAddresses()[0]), '-c', '1', '--timeout', '2s'])

    expect(code).toBe(1)
    expect(events(stdout).slice(1)).toEqual([
      { event: 'lost', sequence: 1, message: 'the reply to a ping took longer than 2000 ms; allow more with --timeout' },
      { event: 'statistics', sent: 1, received: 0, lossPercent: 100 }
    ])
  })

  it('takes an answer of other bytes for none', async () => {
    await using peer = await createSwarm({ listen: ['/ip4/127.0.0.1/tcp/0'] })

    peer.handle('/ipfs/ping/1.0.0', async (stream) => { await stream.end(new Uint8Array(32)) })

    const { code, stdout } = await runCli(['ping', String(peer.interfaceListenAddresses()[0]), '-c', '1'])

    expect(code).toBe(1)
    expect(stdout).toContain('no answer: seq=1 the peer answered a ping with other bytes than it was sent\n')
    expect(stdout).toContain('1 sent, 0 answered, 100% lost\n')
  })

  it('fails when there is no connection', async () => {
    const { code, stderr } = await runCli(['ping', '/ip4/127.0.0.1/tcp/1'])

    expect(code).toBe(3)
    expect(stderr).toContain('connection refused')
  })

  it.each([
    [['-c', '0'], '-c wants a whole number from 1 to'],
    [['-i', 'often'], '-i wants seconds or a duration']
  ])('does not understand %j', async (args, message) => {
    const { code, stderr } = await tryCommand(['ping', '/ip4/127.0.0.1/tcp/1', ...args])

    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })
})
