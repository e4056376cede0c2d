import { PassThrough } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import Docker from 'dockerode'
import { afterEach, describe, expect, it } from 'vitest'
import { NAME, removeAll } from './support/compare.ts'
import { useHosts } from './support/hosts.ts'
import type { Duplex } from 'node:stream'

const hosts = useHosts()
const web = `${NAME}-ode`

afterEach(async () => removeAll(hosts.direct))

function client (): Docker {
  return new Docker({ socketPath: hosts.piped.slice('unix://'.length) })
}

async function create (docker: Docker, script: string, more: Partial<Docker.ContainerCreateOptions> = {}): Promise<Docker.Container> {
  return docker.createContainer({ name: web, Image: 'busybox', Cmd: ['sh', '-c', script], HostConfig: { NetworkMode: 'none' }, ...more })
}

/** Both streams of frames, up to their end. */
async function demux (docker: Docker, stream: NodeJS.ReadableStream): Promise<{ out: string, err: string }> {
  const out = new PassThrough()
  const err = new PassThrough()

  docker.modem.demuxStream(stream, out, err)
  stream.once('end', () => {
    out.end()
    err.end()
  })

  const [outBytes, errBytes] = await Promise.all([buffer(out), buffer(err)])

  return { out: outBytes.toString(), err: errBytes.toString() }
}

describe('dockerode at dockerserver', () => {
  it('pings, and asks what the engine is', async () => {
    const docker = client()

    expect(String(await docker.ping())).toBe('OK')
    expect(await docker.version()).toMatchObject({ Os: 'linux' })
    expect(await docker.info()).toMatchObject({ OSType: 'linux' })
  })

  it('creates, attaches, starts, waits, looks at and removes', async () => {
    const docker = client()
    const container = await create(docker, 'echo out; echo err >&2; exit 3')
    const stream = await container.attach({ stream: true, stdout: true, stderr: true })
    const said = demux(docker, stream)

    await container.start()

    expect(await container.wait()).toMatchObject({ StatusCode: 3 })
    expect(await said).toEqual({ out: 'out\n', err: 'err\n' })
    expect(await container.inspect()).toMatchObject({ Id: container.id, State: { ExitCode: 3 } })
    expect(await docker.listContainers({ all: true, filters: { name: [web] } })).toMatchObject([{ Id: container.id, Names: [`/${web}`] }])
    await container.remove()
    await expect(container.inspect()).rejects.toMatchObject({ statusCode: 404, reason: 'no such container' })
  })

  it('writes to a container that it has hijacked, and ends its input', async () => {
    const docker = client()
    const container = await create(docker, 'cat; echo end', { OpenStdin: true, StdinOnce: true, AttachStdin: true })
    const stream = await container.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true }) as Duplex
    const said = demux(docker, stream)

    await container.start()
    stream.end('hello\n')

    expect(await said).toEqual({ out: 'hello\nend\n', err: '' })
  })

  it('reads logs at once and as they come', async () => {
    const docker = client()
    const container = await create(docker, 'for i in 1 2 3; do echo $i; sleep 0.1; done')

    await container.start()

    expect(await demux(docker, await container.logs({ follow: true, stdout: true, stderr: true }))).toEqual({ out: '1\n2\n3\n', err: '' })
    expect((await container.logs({ stdout: true })).byteLength).toBe(3 * (8 + 2))
  })

  it('executes, with input and status', async () => {
    const docker = client()
    const container = await create(docker, 'sleep 60')

    await container.start()

    const exec = await container.exec({ Cmd: ['sh', '-c', 'cat; exit 5'], AttachStdin: true, AttachStdout: true, AttachStderr: true })
    const stream = await exec.start({ hijack: true, stdin: true })
    const said = demux(docker, stream)

    stream.end('through')

    expect(await said).toEqual({ out: 'through', err: '' })
    expect(await exec.inspect()).toMatchObject({ ExitCode: 5, Running: false })
  })

  it('follows a pull, also when it fails', async () => {
    const docker = client()

    await expect(docker.pull('127.0.0.1:1/nope:latest')).rejects.toMatchObject({ statusCode: 500 })
  })

  it('hears events, and stops listening', async () => {
    const docker = client()
    const events = await docker.getEvents({ filters: { container: [web], event: ['create'] } })
    const first = new Promise<Record<string, unknown>>((resolve) => { events.once('data', (bytes: Buffer) => { resolve(JSON.parse(bytes.toString()) as Record<string, unknown>) }) })
    const { id } = await create(docker, 'true')

    expect(await first).toMatchObject({ Action: 'create', id })
    ;(events as Duplex).destroy()
  })
})
