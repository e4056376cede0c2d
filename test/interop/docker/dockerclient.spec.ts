import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dockerclientBackend } from '../../../src/backends/dockerclient/dockerclient.ts'
import { RetPipe, send, VERBS } from '../../../src/service/index.ts'
import { spawnStage } from '../../backends/stage.ts'
import { startDockerEngine } from '../../support/docker-engine.ts'
import type { ByteStream, Receiver } from '../../../src/channel/index.ts'
import type { Client, Message } from '../../../src/service/index.ts'
import type { TestStage } from '../../backends/stage.ts'
import type { DockerEngine } from '../../support/docker-engine.ts'

const MEBIBYTE = 1024 * 1024
const running: { engine?: DockerEngine } = {}

beforeAll(async () => {
  running.engine = await startDockerEngine({ name: 'h5' })
})

afterAll(async () => {
  await running.engine?.[Symbol.asyncDispose]()
})

function engine (): DockerEngine {
  if (running.engine == null) {
    throw new Error('there is no engine')
  }

  return running.engine
}

async function client (): Promise<TestStage> {
  const stage = await spawnStage(dockerclientBackend, [engine().url])

  await stage.object.start()

  return stage
}

interface Created {
  Cmd: string[]
  Tty?: boolean
  OpenStdin?: boolean
}

const NONE = { NetworkMode: 'none' }

/** A container that is removed with the test. */
async function create ({ input }: TestStage, created: Created, query = ''): Promise<Client & AsyncDisposable> {
  const stdin = created.OpenStdin === true ? { AttachStdin: true, StdinOnce: true } : {}
  const container = await input.spawn([JSON.stringify({ Image: 'busybox', HostConfig: NONE, AttachStdout: true, AttachStderr: true, ...stdin, ...created }), query])

  return Object.assign(container, {
    async [Symbol.asyncDispose] () {
      await container.set(['removed', 'force=1&v=1']).catch(() => {})
      await container.close()
    }
  })
}

/** The streams of frames. */
async function framesOf (att: ByteStream | undefined): Promise<Record<number, string>> {
  const bytes = Buffer.from(await readAll(att))
  const said: Record<number, string> = {}

  for (let at = 0; at < bytes.length;) {
    const stream = bytes.readUInt8(at)
    const end = at + 8 + bytes.readUInt32BE(at + 4)

    said[stream] = (said[stream] ?? '') + bytes.toString('latin1', at + 8, end)
    at = end
  }

  return said
}

async function readAll (att: ByteStream | undefined): Promise<Uint8Array> {
  return (await att?.bytes({ maxBytes: 64 * MEBIBYTE })) ?? new Uint8Array()
}

async function next (messages: Receiver<Message>): Promise<unknown> {
  const { value } = await messages.receive()

  messages.cancel()

  return JSON.parse(value?.args[0] ?? 'null')
}

const NOT_FOUND = { code: 'NotFound', data: { status: 404 } }

describe('dockerclient at a real engine', () => {
  it('gets what the engine has: its version, what it holds, and its parts', async () => {
    await using stage = await client()

    const { input } = stage

    expect(await input.get('version')).toMatchObject({ ApiVersion: '1.41' })
    expect(await input.get('info')).toMatchObject({ Driver: 'vfs' })
    expect(await input.get('system/df')).toHaveProperty('LayersSize')
    expect(await input.get(['images/json', 'all=1'])).toMatchObject([{ RepoTags: ['busybox:latest'] }])
    expect(await input.get('images/busybox:latest/json')).toMatchObject({ Config: { Cmd: ['sh'] } })
    expect(await input.get('images/busybox/history')).toHaveLength(1)
    expect(await input.get(['networks', 'filters={"name":["none"]}'])).toMatchObject([{ Name: 'none' }])
    expect(await input.get('networks/none')).toMatchObject({ Name: 'none' })
    expect(await input.get('volumes')).toHaveProperty('Volumes')
    await expect(input.get('volumes/nothing')).rejects.toMatchObject(NOT_FOUND)
    await expect(input.get('secrets')).rejects.toMatchObject({ code: 'InvalidArgument' })
  })

  it('answers the same as an instance and as what was attached to', async () => {
    await using stage = await client()

    expect(await stage.object.get('images/busybox/json')).toEqual(await stage.input.get('images/busybox/json'))
  })

  it('lists names as the query says, newest first', async () => {
    await using stage = await client()
    await using older = await create(stage, { Cmd: ['true'] }, 'name=h5-older')
    await using newer = await create(stage, { Cmd: ['true'] }, 'name=h5-newer')

    expect(await stage.input.ls()).toEqual([])
    expect(await stage.input.ls('all=1')).toEqual(['h5-newer', 'h5-older'])
    expect(await stage.input.ls('all=1&filters={"name":["older"]}')).toEqual(['h5-older'])
    expect(await newer.get()).toMatchObject({ Name: '/h5-newer' })
    expect(await older.get('summary')).toMatchObject({ Names: ['/h5-older'], State: 'created' })
    expect(await older.get(['summary', 'size=1'])).toHaveProperty('SizeRootFs')
  })

  it('finds a container by its name and by its ID, and keeps it when it is called otherwise', async () => {
    await using stage = await client()
    await using container = await create(stage, { Cmd: ['true'] }, 'name=h5-first')
    const { Id } = await container.get<{ Id: string }>()
    await using byName = await stage.input.child('h5-first')
    await using byId = await stage.input.child(Id.slice(0, 12))

    await byId.set(['name', 'h5-second'])

    expect(await byName.get()).toMatchObject({ Id, Name: '/h5-second' })
    await expect(stage.input.child('h5-first')).rejects.toMatchObject({ ...NOT_FOUND, message: 'No such container: h5-first' })
  })

  it('runs a container with input, both outputs apart, and a status', async () => {
    await using stage = await client()
    await using container = await create(stage, { Cmd: ['sh', '-c', 'cat; echo err >&2; exit 3'], OpenStdin: true })

    await using console = await container.attach(['', 'stream=1&stdin=1&stdout=1&stderr=1']).then(({ att }) => att)
    const exit = await container.watch(['exit', 'condition=next-exit'])
    await container.start()
    await console?.end('hello')

    expect(await framesOf(console)).toEqual({ 1: 'hello', 2: 'err\n' })
    expect(await next(exit)).toMatchObject({ StatusCode: 3 })
    expect(await framesOf((await container.attach(['logs', 'stdout=1&stderr=1'])).att)).toEqual({ 1: 'hello', 2: 'err\n' })
  })

  it('carries 8 MiB of any bytes there and back', async () => {
    await using stage = await client()
    await using container = await create(stage, { Cmd: ['sha256sum'], OpenStdin: true })
    await using back = await create(stage, { Cmd: ['sh', '-c', 'dd if=/dev/zero bs=1048576 count=8 2>/dev/null'] })
    const bytes = randomBytes(8 * MEBIBYTE)

    await using console = await container.attach(['', 'stream=1&stdin=1&stdout=1']).then(({ att }) => att)
    await container.start()
    await console?.end(bytes)
    const { att } = await back.attach(['', 'stream=1&stdout=1'])
    await back.start()
    const zeros = await framesOf(att)
    await att?.close()

    expect(await framesOf(console)).toEqual({ 1: `${createHash('sha256').update(bytes).digest('hex')}  -\n` })
    expect(zeros[1]?.length).toBe(8 * MEBIBYTE)
  })

  it('ends a console whose input nobody reads to its end', async () => {
    await using stage = await client()
    await using container = await create(stage, { Cmd: ['head', '-n', '1'], OpenStdin: true })

    await using console = await container.attach(['', 'stream=1&stdin=1&stdout=1']).then(({ att }) => att)
    await container.start()
    const written = (async () => {
      for (let count = 0; count < 500; count++) {
        await console?.write('y\n'.repeat(16 * 1024))
      }

      await console?.end()
    })()

    expect(await framesOf(console)).toEqual({ 1: 'y\n' })
    await written
  })

  it('gives a terminal bytes as they are, and its size', async () => {
    await using stage = await client()
    await using container = await create(stage, { Cmd: ['sh', '-c', 'read line; stty size'], OpenStdin: true, Tty: true })

    await using console = await container.attach(['', 'stream=1&stdin=1&stdout=1']).then(({ att }) => att)
    await container.start()
    await container.set(['size', 'h=33&w=77'])
    await console?.write('go\n')

    expect(Buffer.from(await readAll(console)).toString()).toContain('33 77\r\n')
  })

  it('says when nothing has changed', async () => {
    await using stage = await client()
    await using container = await create(stage, { Cmd: ['sleep', '1000'] })

    const acks: Array<readonly string[]> = []

    for (const args of [['start'], ['start'], ['stop', 'stop', 't=0'], ['stop', 'stop', 't=0']]) {
      acks.push(await ackOf(container, args))
    }

    expect(acks).toEqual([[], ['unchanged'], [], ['unchanged']])
  })

  it('stops, kills, restarts and pauses', async () => {
    await using stage = await client()
    await using container = await create(stage, { Cmd: ['sleep', '1000'] })
    const state = async (): Promise<unknown> => (await container.get<{ State: { Status: string } }>()).State.Status

    await container.start()
    await container.set(['paused', 'true'])
    expect(await state()).toBe('paused')
    await container.set(['paused', 'false'])
    await container.stop(['restart', 't=0'])
    expect(await state()).toBe('running')
    await container.stop(['kill', 'signal=KILL'])

    expect(await next(await container.watch(['exit', 'condition=not-running']))).toMatchObject({ StatusCode: 137 })
    await expect(container.stop('kill')).rejects.toMatchObject({ code: 'FailedPrecondition', data: { status: 409 } })
    await expect(container.set(['paused', 'maybe'])).rejects.toMatchObject({ code: 'InvalidArgument' })
    await expect(container.stop('explode')).rejects.toMatchObject({ code: 'InvalidArgument' })
  })

  it('tells what runs in a container, what it changed, and what it uses', async () => {
    await using stage = await client()
    await using container = await create(stage, { Cmd: ['sh', '-c', 'touch /tmp/new; sleep 1000'] })

    await container.start()
    await using stats = await container.watch(['stats', 'stream=1']).then(cancelled)

    expect(await next(stats)).toHaveProperty('cpu_stats')
    expect(await container.get(['stats', 'one-shot=1'])).toHaveProperty('memory_stats')
    expect(await container.get(['top', 'ps_args=-ef'])).toHaveProperty('Processes')
    expect(await container.get('changes')).toContainEqual({ Path: '/tmp/new', Kind: 1 })
  })

  it('copies files in and out', async () => {
    await using stage = await client()
    await using from = await create(stage, { Cmd: ['true'] })
    await using to = await create(stage, { Cmd: ['cat', '/tmp/passwd'] })

    const tar = await from.file(['get', 'path=/etc/passwd'])
    const stat = await from.file(['stat', 'path=/etc/passwd'])
    await to.file(['put', 'path=/tmp'], { att: tar.att })
    const { att } = await to.attach(['', 'stream=1&stdout=1'])
    await to.start()

    expect(await framesOf(att)).toEqual({ 1: 'root:x:0:0:root:/:/bin/sh\n' })
    expect(JSON.parse(Buffer.from(stat.args[0] ?? '', 'base64').toString())).toMatchObject({ name: 'passwd', size: 26 })
    expect(tar.args).toEqual(stat.args)
    await expect(from.file(['stat', 'path=/nothing'])).rejects.toMatchObject(NOT_FOUND)
    await expect(to.file(['put', 'path=/nothing'], { att: (await from.file(['get', 'path=/bin'])).att })).rejects.toMatchObject(NOT_FOUND)
    await att?.close()
  })

  it('runs commands in a container', async () => {
    await using stage = await client()
    await using container = await create(stage, { Cmd: ['sleep', '1000'] })

    await container.start()
    await using exec = await container.spawn(JSON.stringify({ Cmd: ['sh', '-c', 'cat; echo e >&2; exit 7'], AttachStdin: true, AttachStdout: true, AttachStderr: true }))
    await using console = await exec.attach(['', '{"Detach":false,"Tty":false}']).then(({ att }) => att)
    await console?.end('in')

    expect(await framesOf(console)).toEqual({ 1: 'in', 2: 'e\n' })
    const { ID, ExitCode } = await exec.get<{ ID: string, ExitCode: number }>()
    await using found = await stage.input.child(`exec/${ID}`)
    expect([ExitCode, await found.get()]).toMatchObject([7, { ID }])
    await expect(stage.input.child('exec/none')).rejects.toMatchObject(NOT_FOUND)
  })

  it('starts a command without waiting for it', async () => {
    await using stage = await client()
    await using container = await create(stage, { Cmd: ['sleep', '1000'] })

    await container.start()
    await using exec = await container.spawn(JSON.stringify({ Cmd: ['sleep', '1000'], Tty: true }))
    await exec.start('{"Tty":true}')
    await exec.set(['size', 'h=20&w=30'])

    expect(await exec.get()).toMatchObject({ Running: true })
    await expect(exec.attach(['', '{"Detach":true}'])).rejects.toMatchObject({ code: 'InvalidArgument' })
  })

  it('tells of events, with a name in any script', async () => {
    await using stage = await client()
    await using events = await stage.input.watch(['events', 'filters={"type":["container"]}']).then(cancelled)
    await using container = await create(stage, { Cmd: ['echo', 'für alle 🐳'] }, 'name=h5-told')

    expect(await next(events)).toMatchObject({ Action: 'create', Actor: { Attributes: { name: 'h5-told' } } })
    expect(await container.get()).toMatchObject({ Args: ['für alle 🐳'] })
  })

  it('passes on why an image cannot be pulled, and does not pull by itself', async () => {
    await using stage = await client()

    await expect(stage.input.watch(['pull', 'fromImage=localhost:1/nothing&tag=1'])).rejects.toMatchObject({ code: 'ServiceFailed', data: { status: 500 } })
    await expect(stage.input.spawn(['{"Image":"localhost:1/nothing"}', ''])).rejects.toMatchObject(NOT_FOUND)
  })

  it('removes images', async () => {
    await using stage = await client()

    await engine().cli('tag', 'busybox', 'h5-registry:5000/team/app:1')
    await stage.input.set(['remove-image', 'h5-registry:5000/team/app:1', ''])

    await expect(stage.input.set(['remove-image', 'h5-registry:5000/team/app:1', ''])).rejects.toMatchObject(NOT_FOUND)
  })

  it('works on when the engine has been started again, and says when it is away', async () => {
    await using stage = await client()
    const before = await stage.input.get<{ ID: string }>('info')
    const events = await stage.input.watch(['events', ''])
    const ended = (async () => {
      for await (const { verb, args } of events) {
        if (verb === VERBS.error) {
          return args[0]
        }
      }

      return 'ended'
    })()

    await engine().restart()

    expect(await stage.input.get('info')).toMatchObject({ ID: before.ID })
    expect(await ended).toBe('Unavailable')
  })
})

describe('dockerclient over TLS', () => {
  it('speaks with an engine that wants a certificate, and half-closes there as well', async () => {
    await using secure = await startDockerEngine({ name: 'h5t', tls: true })
    const { tcpUrl = '', tlsFiles } = secure
    const args = [tcpUrl, '--tlsverify', '--tlscacert', tlsFiles?.ca ?? '', '--tlscert', tlsFiles?.cert ?? '', '--tlskey', tlsFiles?.key ?? '']
    await using stage = await spawnStage(dockerclientBackend, args)
    await using stranger = await spawnStage(dockerclientBackend, [tcpUrl, '--tls'], { env: {} })
    await using doubter = await spawnStage(dockerclientBackend, [tcpUrl, '--tlsverify'], { env: {} })

    await Promise.all([stage, stranger, doubter].map(async ({ object }) => object.start()))
    await using container = await create(stage, { Cmd: ['sh', '-c', 'cat; echo end'], OpenStdin: true })
    await using console = await container.attach(['', 'stream=1&stdin=1&stdout=1']).then(({ att }) => att)
    await container.start()
    await console?.end('hello\n')

    expect(await framesOf(console)).toEqual({ 1: 'hello\nend\n' })
    await expect(stranger.input.get('info')).rejects.toMatchObject({ code: 'Unavailable' })
    await expect(doubter.input.get('info')).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringMatching(/certificate/) })
  })
})

async function ackOf (container: Client, [verb = '', ...args]: readonly string[]): Promise<readonly string[]> {
  const answers = await send(container.target, { verb: verb === 'start' ? VERBS.start : VERBS.stop, args, ret: RetPipe })
  const { value } = await answers.receive()

  return value?.args ?? ['nothing']
}

/** Cancels a channel at the end of its scope. */
async function cancelled (receiver: Receiver<Message>): Promise<Receiver<Message> & AsyncDisposable> {
  return Object.assign(receiver, { [Symbol.asyncDispose]: async () => { receiver.cancel() } })
}
