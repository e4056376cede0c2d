import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { Folder, Running } from './support/run-cli.ts'
import { as, makeKey, startNode } from './support/run-node.ts'
import type { RunningNode } from './support/run-node.ts'

function processesWith (word: string): string[] {
  return execFileSync('ps', ['-eo', 'args']).toString().split('\n').filter((line) => line.includes(word) && !line.includes('main.ts'))
}

/** Nodes that let alice run commands. */
async function startTwo (folder: Folder): Promise<{ bob: RunningNode, carol: RunningNode, names: string[] }> {
  const alice = await makeKey(folder, 'alice')
  const lines = [`backends: { exec: { allow: [${alice}] } }`, 'services:', `  cat: { run: exec cat, allow: [${alice}] }`]
  const [bob, carol] = await Promise.all([startNode(folder, 'bob', lines), startNode(folder, 'carol', lines)])

  return { bob, carol, names: ['--peer', `bob=${bob.address}`, '--peer', `carol=${carol.address}`] }
}

describe('a pipeline across peers', () => {
  it('runs each stage where it says, and prints the result here', async () => {
    await using folder = await Folder.create()
    const { bob, carol, names } = await startTwo(folder)
    await using _bob = bob
    await using _carol = carol

    const { code, stdout, stderr } = await as(folder, 'alice', ['run', ...names, 'exec seq 1 100000 @bob', 'exec grep 7 @carol', 'exec wc -l'])

    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '40951\n', stderr: '' })
    expect([_bob.child.exitCode, _carol.child.exitCode]).toEqual([null, null])
  })

  it('tells of stages over there as of those here', async () => {
    await using folder = await Folder.create()
    const { bob, carol, names } = await startTwo(folder)
    await using _bob = bob
    await using _carol = carol

    const { code, stderr } = await as(folder, 'alice', ['run', ...names, "exec --shell 'echo oops >&2; kill -9 $$' @bob", 'exec cat @carol'])

    expect(code).toBe(137)
    expect(stderr).toContain('1 exec --shell: oops\n')
    expect(stderr).toMatch(/^swarmd: stage 1 \(exec --shell .* @bob\) was ended by SIGKILL$/m)
    expect([_bob.child.exitCode, _carol.child.exitCode]).toEqual([null, null])
  })

  it('stops all stages everywhere at Ctrl-C', async () => {
    await using folder = await Folder.create()
    const { bob, carol, names } = await startTwo(folder)
    await using _bob = bob
    await using _carol = carol
    await using running = new Running(['run', '--key', folder.file('alice.key'), ...names, "exec --shell 'echo h8-far; sleep 1000; true' @bob", "exec --shell 'cat; : h8-far' @carol"])

    await running.line(/h8-far/)

    expect(processesWith('h8-far').length).toBeGreaterThan(1)

    running.child.kill('SIGINT')

    expect(await running.exited).toMatchObject({ code: 130, signal: null, stderr: '' })
    expect(processesWith('h8-far')).toEqual([])
    expect([_bob.child.exitCode, _carol.child.exitCode]).toEqual([null, null])
  })

  it('ends at once when nobody reads on, over there too', async () => {
    await using folder = await Folder.create()
    const { bob, carol, names } = await startTwo(folder)
    await using _bob = bob
    await using _carol = carol
    await using running = new Running(['run', '--key', folder.file('alice.key'), ...names, 'exec yes h8-yes-far @bob', 'exec cat @carol'])

    await running.line(/h8-yes-far/)
    running.child.stdout.destroy()

    expect(await running.exited).toMatchObject({ code: 141, stderr: '' })
    expect(processesWith('yes h8-yes-far')).toEqual([])
    expect([_bob.child.exitCode, _carol.child.exitCode]).toEqual([null, null])
  })

  it('says what it cannot run, and where', async () => {
    await using folder = await Folder.create()
    const { bob, carol, names } = await startTwo(folder)
    await using _bob = bob
    await using _carol = carol

    await makeKey(folder, 'mallory')

    const refused = await as(folder, 'mallory', ['run', ...names, 'exec id @bob'])
    const unreachable = await as(folder, 'alice', ['run', '--peer', `bob=/ip4/127.0.0.1/tcp/1/p2p/${bob.peer}`, 'exec id @bob'])

    expect(refused).toMatchObject({ code: 8, stdout: '' })
    expect(refused.stderr).toMatch(/^swarmd: cannot spawn exec at bob: /)
    expect(unreachable.code).toBe(3)
    expect(unreachable.stderr).toContain('connection refused')
    expect([_bob.child.exitCode, _carol.child.exitCode]).toEqual([null, null])
  })
})

describe('commands with a path', () => {
  it('join stdin and stdout with a service, and with what is spawned', async () => {
    await using folder = await Folder.create()
    const { bob, carol, names } = await startTwo(folder)
    await using _bob = bob
    await using _carol = carol

    expect(await as(folder, 'alice', ['attach', ...names, 'bob/cat'], { input: 'hello\n' })).toMatchObject({ code: 0, stdout: 'hello\n', stderr: '' })
    expect(await as(folder, 'alice', ['spawn', '--attach', ...names, 'carol/exec', '--', '--shell', 'cat; echo oops >&2; exit 7'], { input: 'hi' })).toMatchObject({ code: 7, stdout: 'hi', stderr: 'oops\n' })
    expect(await as(folder, 'alice', ['logs', ...names, 'carol/cat'])).toMatchObject({ code: 9, stdout: '', stderr: 'swarmd: carol/cat keeps no logs, as containers do; for what it says from now on: swarmd attach --no-stdin carol/cat\n' })
    expect([_bob.child.exitCode, _carol.child.exitCode]).toEqual([null, null])
  })

  it('take a peer by its name in a config file, by its ID, and by its address', async () => {
    await using folder = await Folder.create()
    const alice = await makeKey(folder, 'alice')
    await using bob = await startNode(folder, 'bob', ['services:', `  sim: { run: simulator a b, allow: [${alice}] }`])
    await using carol = await startNode(folder, 'carol', ['peers:', `  bob: ${bob.address}`])

    const config = ['-c', folder.file('carol.yml')]

    expect((await as(folder, 'alice', ['ls', ...config, 'bob/sim'])).stdout).toBe('a\nb\n')
    expect((await as(folder, 'alice', ['ls', '--peer', `${bob.peer}=${bob.address}`, `${bob.peer}/sim`])).stdout).toBe('a\nb\n')
    expect((await as(folder, 'alice', ['ls', `${bob.address}/sim`, '--json'])).stdout).toBe('{"event":"list","names":["a","b"]}\n')
    expect((await as(folder, 'alice', ['ls', 'bob'], { env: { SWARMD_CONFIG: folder.file('carol.yml') } })).stdout).toBe('sim\n')

    const unknown = await as(folder, 'alice', ['ls', ...config, 'bbo/sim'])

    expect(unknown.code).toBe(2)
    expect(unknown.stderr).toContain("'bbo' is neither a peer ID nor a name of a peer; there are bob")
    expect(carol.child.exitCode).toBeNull()
  })
})
