import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { Folder, runCli, Running } from './support/run-cli.ts'
import { as, makeKey, startNode } from './support/run-node.ts'

function processesWith (word: string): string[] {
  return execFileSync('ps', ['-eo', 'args']).toString().split('\n').filter((line) => line.includes(word) && !line.includes('main.ts'))
}

describe('swarmd up', () => {
  it('says when it is ready, where it listens and what it serves to whom', async () => {
    await using folder = await Folder.create()

    await writeFile(folder.file('swarmd.yml'), "key: node.key\nlisten: /ip4/127.0.0.1/tcp/0\nservices: { sim: { run: simulator a, allow: '*' }, own: { run: simulator b } }")

    await using node = new Running(['up', '-c', folder.file('swarmd.yml')])

    await node.line(/^peer ID {4}12D3KooW/)
    await node.line(/^listening {2}\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/12D3KooW/)
    await node.line(/^service {4}sim, for everybody$/)
    await node.line(/^service {4}own, for nobody$/)
    await node.line(/^ready$/)
    node.child.kill('SIGTERM')

    expect((await node.exited).code).toBe(0)
  })

  it('lets peers use what they may, and nothing else; refusals are logged with the peer ID', async () => {
    await using folder = await Folder.create()
    const alice = await makeKey(folder, 'alice')
    const mallory = await makeKey(folder, 'mallory')

    await using node = await startNode(folder, 'node', [
      'peers:', `  alice: ${alice}`,
      'services:', "  sim: { run: simulator a b, allow: '*' }", '  cat: { run: exec cat, allow: [alice] }', '  own: { run: simulator c }',
      'backends: { exec: { allow: [alice] } }'
    ])

    expect((await as(folder, 'alice', ['ls', node.address])).stdout).toBe('cat\nexec\nsim\n')
    expect((await as(folder, 'mallory', ['ls', `${node.address}/`])).stdout).toBe('sim\n')
    expect((await as(folder, 'mallory', ['ls', `${node.address}/sim`])).stdout).toBe('a\nb\n')

    const refused = await as(folder, 'mallory', ['spawn', '--attach', `${node.address}/exec`, 'touch', folder.file('mine')])

    expect(refused).toMatchObject({ code: 8, stdout: '' })
    await node.saidOnStderr(new RegExp(`"event":"refused","peer":"${mallory}","service":"exec"`))
    expect((await as(folder, 'alice', ['get', `${node.address}/own`, 'status'])).code).toBe(8)
    await node.saidOnStderr(new RegExp(`"event":"refused","peer":"${alice}","service":"own"`))
    await expect(readFile(folder.file('mine'))).rejects.toThrow('ENOENT')
  })

  it('lets everybody neither stop nor start what is for everybody', async () => {
    await using folder = await Folder.create()
    const alice = await makeKey(folder, 'alice')

    await using node = await startNode(folder, 'node', ['services:', "  sim: { run: simulator a, allow: '*' }", `  cat: { run: exec cat, allow: [${alice}] }`])

    expect(await as(folder, 'alice', ['stop', `${node.address}/sim`])).toMatchObject({ code: 8 })
    expect((await as(folder, 'alice', ['stop', `${node.address}/cat`])).code).toBe(0)
    expect(JSON.parse((await as(folder, 'alice', ['get', `${node.address}/cat`, 'status'])).stdout)).toMatchObject({ state: 'stopped' })
    expect(await as(folder, 'alice', ['get', `${node.address}/cat`, 'anything'])).toMatchObject({ code: 9, stderr: 'swarmd: cat does not run: it was stopped\n' })
    expect((await as(folder, 'alice', ['start', `${node.address}/cat`])).code).toBe(0)
    expect(JSON.parse((await as(folder, 'alice', ['get', `${node.address}/cat`, 'status'])).stdout)).toMatchObject({ state: 'running' })
  })

  it('starts a service again that fails, says why, and goes on with others', async () => {
    await using folder = await Folder.create()

    await using node = await startNode(folder, 'node', [
      'services:',
      `  flaky: { run: "exec --shell 'echo run >> ${folder.file('runs')}; echo sorry >&2; exit 3'", restart: on-failure }`,
      '  broken: { run: exec }',
      "  sim: { run: simulator a, allow: '*' }"
    ])

    await node.saidOnStderr(/"event":"serviceFailed","service":"broken"/)
    await node.saidOnStderr(/"event":"said","service":"flaky","stage":1,.*"text":"sorry"/)
    await node.saidOnStderr(/"event":"serviceEnded","service":"flaky","code":3/)
    await node.saidOnStderr(/"event":"serviceWaits","service":"flaky","delayMs":1000/)
    await node.saidOnStderr(/"event":"serviceStarted","service":"flaky","restarts":1/)
    await node.saidOnStderr(/"event":"serviceWaits","service":"flaky","delayMs":2000/)

    expect((await readFile(folder.file('runs'), 'utf8')).split('\n')).toEqual(['run', 'run', ''])
    expect((await runCli(['ls', `${node.address}/sim`], { env: { XDG_DATA_HOME: folder.path } })).stdout).toBe('a\n')
  })

  it('ends with --strict if a service cannot start', async () => {
    await using folder = await Folder.create()

    await writeFile(folder.file('swarmd.yml'), 'key: node.key\nservices: { broken: { run: exec } }')

    const { code, stderr } = await runCli(['up', '--strict', '-c', folder.file('swarmd.yml')])

    expect(code).toBe(9)
    expect(stderr).toContain('broken cannot start, and --strict was given')
  })

  it.each([['SIGINT', 130], ['SIGTERM', 0], ['SIGHUP', 129]] as const)('stops its services at %s, and exits with %i', async (signal, code) => {
    await using folder = await Folder.create()
    const word = `h8-up-${signal}`

    await using node = await startNode(folder, 'node', ['services:', `  s: { run: "exec --shell 'echo ${word} >&2; sleep 1000; true'" }`])

    await node.saidOnStderr(new RegExp(`"text":"${word}"`))
    node.child.kill(signal)

    expect(await node.exited).toMatchObject({ code, signal: null })
    expect(processesWith(word)).toEqual([])
  })

  it('does not run what a file says wrongly', async () => {
    await using folder = await Folder.create()
    const file = folder.file('swarmd.yml')

    await writeFile(file, 'services:\n  s: { run: exce, allow: 7 }\n')

    const { code, stderr } = await runCli(['up', '-c', file])

    expect(code).toBe(10)
    expect(stderr).toBe(`swarmd: ${file}:2:13: services.s.run: there is no backend "exce"; did you mean exec?\n${file}:2:26: services.s.allow: wanted a list of peers, or '*' for everybody, received 7\n`)
  })
})

describe('swarmd check', () => {
  it('says that a file is well, and runs nothing', async () => {
    await using folder = await Folder.create()

    await writeFile(folder.file('swarmd.yml'), `key: node.key\nservices: { s: { run: exec touch ${folder.file('ran')} } }`)

    const { code, stdout } = await runCli(['check', '-c', folder.file('swarmd.yml')])

    expect({ code, stdout }).toEqual({ code: 0, stdout: `${folder.file('swarmd.yml')} is well: 1 service, no backends for peers, no peers\n` })
    await expect(readFile(folder.file('ran'))).rejects.toThrow('ENOENT')
    await expect(readFile(folder.file('node.key'))).rejects.toThrow('ENOENT')
  })

  it('prints a line for each mistake, and exits with 10', async () => {
    await using folder = await Folder.create()
    const file = folder.file('swarmd.yml')

    await writeFile(file, 'lisen: 1\nservices: 2\n')

    const text = await runCli(['check', '-c', file])
    const json = await runCli(['check', '--json', '-c', file])

    expect(text).toMatchObject({ code: 10, stdout: `${file}:1:1: lisen: there is no key "lisen" here; did you mean listen?\n${file}:2:11: services: wanted a map from names to services, received 2\n` })
    expect(json.stdout.split('\n')[0]).toContain('{"event":"problem","file":')
  })
})
