import { chmod, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parsePeerId } from '../../src/identity/index.ts'
import { tryCommand } from './support/memory-context.ts'
import { events, Folder, runCli } from './support/run-cli.ts'
import type { RunResult } from './support/run-cli.ts'

interface Shown {
  peer: string
  cid: string
  type: string
  file: string
  created: boolean
  oldFile?: string
}

async function show (...args: string[]): Promise<Shown> {
  const { code, stdout, stderr } = await runCli(['id', '--json', ...args])

  expect(stderr).toBe('')
  expect(code).toBe(0)

  return events(stdout)[0] as unknown as Shown
}

function lastLine ({ stderr }: RunResult): string {
  return stderr.trim().split('\n').at(-1) ?? ''
}

describe('swarmd id', () => {
  it('makes a key where the data of programs is kept, and shows the same one from then on', async () => {
    await using folder = await Folder.create()
    const env = { XDG_DATA_HOME: folder.path }

    const first = await runCli(['id'], { env })
    const second = await runCli(['id'], { env })

    const file = join(folder.path, 'swarmd', 'key')
    const [, peer = ''] = /^peer ID {2}(12D3KooW\w+)\nas CID {3}bafz\w+\nkey {6}Ed25519, new\nfile {5}(.*)\n$/.exec(first.stdout) ?? []

    expect(first.code).toBe(0)
    expect(second.stdout).toBe(first.stdout.replace(', new', ''))
    expect(first.stdout).toContain(file)
    expect(peer).not.toBe('')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await stat(join(folder.path, 'swarmd'))).mode & 0o777).toBe(0o700)
  })

  it('falls back on the home directory', async () => {
    await using folder = await Folder.create()

    const { stdout } = await runCli(['id'], { env: { HOME: folder.path } })

    expect(stdout).toContain(join(folder.path, '.local', 'share', 'swarmd', 'key'))
  })

  it('prints two forms of one peer ID', async () => {
    await using folder = await Folder.create()

    const { peer, cid, created } = await show('--key', folder.file('key'))

    expect(created).toBe(true)
    expect(parsePeerId(cid).toString()).toBe(peer)
    expect(await show('--key', folder.file('key'))).toMatchObject({ peer, cid, created: false })
  })

  it('makes RSA keys', async () => {
    await using folder = await Folder.create()

    const { peer, type } = await show('--key', folder.file('key'), '--type', 'rsa', '--bits', '2048')

    expect(type).toBe('RSA')
    expect(peer).toMatch(/^Qm/)
  })

  it('replaces a key only when told to, and keeps the old one', async () => {
    await using folder = await Folder.create()
    const key = folder.file('key')
    const old = await show('--key', key)

    const refused = await runCli(['id', '--key', key, '--type', 'RSA'])
    const replaced = await show('--key', key, '--new')

    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain(`the key in ${key} is of type Ed25519; --new makes one of type RSA`)
    expect(replaced.peer).not.toBe(old.peer)
    expect(replaced.oldFile).toBe(`${key}.${old.peer}`)
    expect((await show('--key', replaced.oldFile ?? '')).peer).toBe(old.peer)
    expect(await readdir(folder.path)).toHaveLength(2)
  })

  it('refuses a key that others can read, and says how to mend it', async () => {
    await using folder = await Folder.create()
    const key = folder.file('key')

    await show('--key', key)
    await chmod(key, 0o644)

    const result = await runCli(['id', '--key', key])

    expect(result.code).toBe(6)
    expect(result.stdout).toBe('')
    expect(lastLine(result)).toContain(`chmod 600 ${key}`)
  })

  it('refuses a file that holds no key, and leaves it as it is', async () => {
    await using folder = await Folder.create()
    const key = folder.file('key')

    await writeFile(key, 'my diary', { mode: 0o600 })

    const { code, stderr } = await runCli(['id', '--json', '--key', key, '--new'])

    expect(code).toBe(6)
    expect(events(stderr)).toMatchObject([{ event: 'error', code: 'InvalidKeyFile', exitCode: 6 }])
    expect(await readdir(folder.path)).toEqual(['key'])
  })

  it.each([
    [['--bits', '4096'], '--bits goes with --type RSA'],
    [['--type', 'DSA'], "--type wants Ed25519 or RSA, received 'DSA'"],
    [['--type', 'RSA', '--bits', '512'], "--bits wants a whole number from 2048 to 8192, received '512'"],
    [['mine'], "id wants nothing after its options, received 'mine'"]
  ])('does not understand %j', async (args, message) => {
    await using folder = await Folder.create()

    const { code, stderr } = await tryCommand(['id', '--key', folder.file('key'), ...args])

    expect(code).toBe(2)
    expect(stderr).toContain(message)
    expect(await readdir(folder.path)).toEqual([])
  })

  it('gives up finding a key when its time is over', async () => {
    await using folder = await Folder.create()

    const { code, stderr } = await runCli(['id', '--key', folder.file('key'), '--type', 'RSA', '--bits', '8192', '--timeout', '1'])

    expect(code).toBe(5)
    expect(stderr).toContain('finding a key took longer than 1 ms')
  })
})
