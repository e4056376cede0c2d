import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { docker } from './support/cli.ts'
import { expectSame, NAME, removeAll, runAtBoth } from './support/compare.ts'
import { useHosts } from './support/hosts.ts'
import { withoutNames } from './support/normalise.ts'
import { startRegistry } from './support/registry.ts'

const hosts = useHosts()
const web = `${NAME}-web`
const CONTENT = randomBytes(3 * 1024 * 1024)
const folder = { path: '' }

beforeEach(async () => {
  folder.path = await mkdtemp(join(tmpdir(), 'docker-cp-'))
  await mkdir(join(folder.path, 'tree/deep'), { recursive: true })
  await writeFile(join(folder.path, 'file'), CONTENT)
  await writeFile(join(folder.path, 'tree/one'), 'one\n')
  await writeFile(join(folder.path, 'tree/deep/two'), 'two\n')
  onTestFinished(async () => rm(folder.path, { recursive: true }))
})

function local (name: string): string {
  return join(folder.path, name)
}

function sha (bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

const create = (): string[] => ['run', '-d', '--network', 'none', '--stop-timeout', '0', '--name', web, 'busybox', 'sleep', '60']

describe('docker cp at dockerserver, as at the engine', () => {
  it('copies a file there and back', async () => {
    const outcomes = await expectSame(hosts, [
      create(),
      ['cp', local('file'), `${web}:/tmp/copy`],
      ['exec', web, 'sha256sum', '/tmp/copy'],
      ['cp', `${web}:/tmp/copy`, local('back')]
    ])

    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0, 0])
    expect(outcomes[2]?.stdout).toContain('/tmp/copy')
    expect(sha(await readFile(local('back')))).toBe(sha(CONTENT))
  })

  it('copies a folder there and back', async () => {
    const outcomes = await expectSame(hosts, [
      create(),
      ['cp', local('tree'), `${web}:/tmp`],
      ['exec', web, 'cat', '/tmp/tree/one', '/tmp/tree/deep/two'],
      ['cp', `${web}:/tmp/tree`, local('again')],
      ['cp', `${web}:/tmp/tree/.`, local('again')]
    ])

    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0])
    expect(outcomes[2]?.stdout).toBe('one\ntwo\n')
    expect(await readFile(local('again/deep/two'), 'utf8')).toBe('two\n')
  })

  it('takes a tar from its input, and gives one', async () => {
    const tar = spawnSync('tar', ['-C', folder.path, '-c', 'file', 'tree'], { maxBuffer: 2 * CONTENT.byteLength }).stdout

    const [direct, piped] = await runAtBoth(hosts, [
      create(),
      { args: ['cp', '-', `${web}:/tmp`], input: tar },
      ['exec', web, 'sha256sum', '/tmp/file'],
      ['cp', `${web}:/tmp/file`, '-'],
      ['cp', `${web}:/bin/busybox`, '-']
    ])

    expect(piped.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0])
    expect(piped[2]?.stdout.toString()).toBe(`${sha(CONTENT)}  /tmp/file\n`)
    expect(piped.slice(3).map(({ stdout }) => sha(stdout))).toEqual(direct.slice(3).map(({ stdout }) => sha(stdout)))
  })

  it('says the same of what cannot be copied', async () => {
    const outcomes = await expectSame(hosts, [
      create(),
      ['cp', `${web}:/nope`, local('back')],
      ['cp', local('tree/one'), `${web}:/nope/deep/`],
      ['cp', 'nope:/etc', local('back')],
      ['cp', local('tree/one'), 'nope:/tmp'],
      { args: ['cp', '-', `${web}:/tmp`], input: 'this is no tar' }
    ], withoutNames)

    expect(outcomes.map(({ code }) => code)).toEqual([0, 1, 1, 1, 1, 1])
  })
})

describe('docker images at dockerserver, as at the engine', () => {
  it('says the same of images', async () => {
    const outcomes = await expectSame(hosts, [
      ['images'],
      ['images', '-q', '--no-trunc'],
      ['images', '--format', '{{.Repository}}:{{.Tag}} {{.Size}}', 'busybox'],
      ['images', 'nope'],
      ['image', 'inspect', 'busybox', '--format', '{{.Id}} {{.Os}} {{json .RootFS}}'],
      ['history', '--no-trunc', 'busybox'],
      ['history', 'nope'],
      ['image', 'inspect', 'nope'],
      ['rmi', 'nope']
    ])

    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1])
  })

  it('removes one, with what the engine says of it', async () => {
    const tag = `${NAME}:gone`
    const removals = []

    for (const host of [hosts.direct, hosts.piped]) {
      await docker(hosts.direct, ['tag', 'busybox', tag])
      removals.push(await docker(host, ['rmi', tag]))
    }

    expect(removals[1]).toEqual(removals[0])
    expect(removals[1]).toMatchObject({ code: 0, stdout: Buffer.from(`Untagged: ${tag}\n`) })
  })

  it('does not remove what is used', async () => {
    const outcomes = await expectSame(hosts, [create(), ['rmi', 'busybox']])

    expect(outcomes.map(({ code }) => code)).toEqual([0, 1])
  })

  it('says the same of registries that are not there, and of names that are none', async () => {
    const outcomes = await expectSame(hosts, [
      ['pull', '127.0.0.1:1/nope:latest'],
      ['pull', 'UPPER'],
      ['run', '--rm', '127.0.0.1:1/nope:latest']
    ])

    expect(outcomes.map(({ code }) => code)).toEqual([1, 1, 125])
  })

  it('pulls from a registry, says the same of it, and runs what it pulled', async () => {
    await using registry = await startRegistry(spawnSync('tar', ['-C', folder.path, '-c', 'tree']).stdout)
    const image = `${registry.host}/app:1`

    const outcomes = await expectSame(hosts, [
      ['pull', image],
      ['pull', image],
      ['pull', '-q', image],
      ['create', '--name', web, '--network', 'none', image],
      ['cp', `${web}:/tree/deep/two`, local('pulled')],
      ['rm', web],
      ['rmi', image],
      ['create', '--name', web, '--network', 'none', image],
      ['rm', web],
      ['rmi', image],
      ['pull', `${registry.host}/app:2`]
    ])

    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
    expect(outcomes[0]?.stdout).toContain(`Status: Downloaded newer image for ${image}\n`)
    expect(outcomes[1]?.stdout).toContain(`Status: Image is up to date for ${image}\n`)
    expect(outcomes[7]?.stderr).toContain(`Unable to find image '${image}' locally\n`)
    expect(await readFile(local('pulled'), 'utf8')).toBe('two\n')
  })

  it('says what it does not do', async () => {
    const { code, stderr } = await docker(hosts.piped, ['tag', 'busybox', 'other'])

    expect({ code, stderr }).toEqual({ code: 1, stderr: 'Error response from daemon: tagging images is not supported by dockerserver\n' })
  })
})

describe('docker events at dockerserver, as at the engine', () => {
  it('says the same of what has happened', async () => {
    const since = String(Date.now() / 1000)

    await docker(hosts.direct, ['run', '--network', 'none', '--name', web, 'busybox', 'true'])
    await removeAll(hosts.direct)

    const until = String(Date.now() / 1000)
    const events = (...more: string[]): string[] => ['events', '--since', since, '--until', until, ...more]

    const outcomes = await expectSame(hosts, [
      events('--filter', `container=${web}`),
      events('--filter', 'event=die', '--format', '{{.Type}} {{.Action}} {{.Actor.Attributes.name}} {{.Actor.Attributes.exitCode}}'),
      events('--filter', 'type=image', '--format', '{{json .}}'),
      events('--format', '{{.Action}}', '--filter', `container=${web}`),
      events('--filter', 'nonsense=1')
    ])

    expect(outcomes[1]?.stdout).toBe(`container die ${web} 0\n`)
    expect(outcomes[3]?.stdout.split('\n')).toEqual(expect.arrayContaining(['create', 'attach', 'start', 'die', 'destroy']))
  })
})
