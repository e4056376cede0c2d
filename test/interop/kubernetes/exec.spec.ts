import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isCoded } from '../../../src/base/index.ts'
import { createAuthority } from '../../support/certificates.ts'
import { goMissing } from '../support/go.ts'
import { checksum, pattern, STREAM_BYTES } from '../support/libchan-messages.ts'
import { KubernetesClient } from './client.ts'
import { Kubelet } from './kubelet.ts'
import type { ExecOptions, Running } from './client.ts'
import type { KubeletOptions } from './kubelet.ts'

const MINUTE = 60_000
const MIB = 1024 * 1024

const built: { client?: KubernetesClient, folder?: string } = {}

interface Scene extends AsyncDisposable {
  kubelet: Kubelet
  client: Running
}

/** A client that runs `command` in the pod. */
async function exec (command: readonly string[], { ca, stdin, sizes, ping, ...options }: Omit<ExecOptions, 'server'> & KubeletOptions = {}): Promise<Scene> {
  if (built.client == null) {
    throw new Error('the Kubernetes client was not built')
  }

  const kubelet = await Kubelet.listen(options)
  const client = built.client.exec(command, { server: kubelet.url, ca, ...(stdin != null && { stdin }), ...(sizes != null && { sizes }), ...(ping != null && { ping }) })

  return {
    kubelet,
    client,
    [Symbol.asyncDispose]: async () => {
      await client[Symbol.asyncDispose]()
      await kubelet[Symbol.asyncDispose]()
    }
  }
}

/** What the client got and what both sides say of the end. */
async function results ({ client, kubelet }: Scene): Promise<object> {
  const [outcome, stdout, stderr] = await Promise.all([client.outcome(), client.stdout, client.stderr])

  return { outcome, stdout: stdout.toString(), stderr: stderr.toString(), end: await kubelet.session.closed, failures: kubelet.session.failures }
}

async function security (scheme: 'http' | 'https'): Promise<KubeletOptions & { ca?: string }> {
  if (scheme === 'http') {
    return {}
  }

  const authority = createAuthority()
  const ca = join(built.folder ?? '', 'ca.pem')

  await writeFile(ca, authority.cert)

  return { tls: authority.issue('localhost'), ca }
}

describe.skipIf(goMissing() != null)('the SPDY executor of Kubernetes runs a command over our streams:', { timeout: MINUTE / 2 }, () => {
  beforeAll(async () => {
    built.folder = await mkdtemp(join(tmpdir(), 'kubernetes-'))
    built.client = await KubernetesClient.build()
  }, 10 * MINUTE)

  afterAll(async () => {
    await built.client?.[Symbol.asyncDispose]()
    await rm(built.folder ?? '', { recursive: true, force: true })
  })

  it.each([
    ['http', 0], ['http', 1], ['http', MIB], ['http', STREAM_BYTES], ['https', MIB]
  ] as const)('over %s %i bytes of standard input come back', async (scheme, length) => {
    await using scene = await exec(['cat'], { ...await security(scheme), stdin: true })
    const { client, kubelet } = scene

    client.stdin.end(Buffer.concat([...pattern(length)]))

    const [stdout, stderr, outcome] = await Promise.all([client.stdout, client.stderr, client.outcome()])

    expect(await checksum([stdout])).toEqual(await checksum(pattern(length)))
    expect([stderr.toString(), outcome]).toEqual(['', {}])
    expect([await kubelet.session.closed, kubelet.session.failures]).toEqual([undefined, []])
    expect(kubelet.session.streams.map(({ type }) => type)).toEqual(['error', 'stdin', 'stdout', 'stderr'])
  })

  it('the outputs are apart', async () => {
    await using scene = await exec(['both', String(MIB), String(3 * MIB)])
    const { client } = scene

    const [stdout, stderr, outcome] = await Promise.all([client.stdout, client.stderr, client.outcome()])

    expect(outcome).toEqual({})
    expect(await checksum([stdout])).toEqual(await checksum(pattern(MIB)))
    expect(await checksum([stderr])).toEqual(await checksum(pattern(3 * MIB)))
  })

  it.each([[0, {}], [1, { code: 1 }], [7, { code: 7 }], [255, { code: 255 }]])('exit code %i is that of the error', async (code, outcome) => {
    await using scene = await exec(['exit', String(code)])

    expect(await results(scene)).toEqual({ outcome, stdout: '', stderr: '', end: undefined, failures: [] })
  })

  it('a command that cannot be run is an error with our message', async () => {
    await using scene = await exec(['nonsense'])

    expect(await results(scene)).toMatchObject({ outcome: { error: 'there is no program nonsense' }, end: undefined })
  })

  it('what comes behind the end of standard input arrives', async () => {
    await using scene = await exec(['sum'], { stdin: true })

    scene.client.stdin.end(Buffer.concat([...pattern(MIB)]))

    const { N, Sum } = await checksum(pattern(MIB))

    expect(await results(scene)).toEqual({ outcome: {}, stdout: `${N} ${Sum}`, stderr: '', end: undefined, failures: [] })
  })

  it('it ends while standard input stays open', async () => {
    await using scene = await exec(['line'], { stdin: true })

    scene.client.stdin.write('one line\n')

    expect(await results(scene)).toEqual({ outcome: {}, stdout: 'one line\n', stderr: '', end: undefined, failures: [] })
  })

  it('the client resets what it never ended, and closes the session when all streams have ended, if we do not', async () => {
    await using scene = await exec(['cat'], { stdin: true, isLeftOpen: true })

    scene.client.stdin.end('to the end')

    expect(await results(scene)).toEqual({ outcome: {}, stdout: 'to the end', stderr: '', end: undefined, failures: [] })
    expect(await scene.kubelet.session.ends()).toEqual({ error: 'StreamReset', stdin: 'gracefully', stdout: 'StreamReset', stderr: 'StreamReset' })
  })

  it('one output ends before the other begins', async () => {
    await using scene = await exec(['late'], { stdin: true })

    await scene.client.begins()
    scene.client.stdin.end('second')

    expect(await results(scene)).toEqual({ outcome: {}, stdout: 'first', stderr: 'second', end: undefined, failures: [] })
  })

  it('a terminal has one output, and tells its sizes', async () => {
    await using scene = await exec(['sizes', '3'], { sizes: ['80x24', '120x40', '65535x1'] })

    expect(await results(scene)).toEqual({ outcome: {}, stdout: '80x24\n120x40\n65535x1\n', stderr: '', end: undefined, failures: [] })
    expect(scene.kubelet.session.streams.map(({ type }) => type)).toEqual(['error', 'stdout', 'resize'])
  })

  it('an output that is reset ends, and the others go on', async () => {
    await using scene = await exec(['break'], { stdin: true })

    await scene.client.begins()
    scene.client.stdin.end()

    expect(await results(scene)).toMatchObject({ outcome: { code: 3 }, stdout: 'before', stderr: 'after', end: undefined })
  })

  it('pings of both sides are answered', async () => {
    await using scene = await exec(['wait'], { stdin: true, ping: '5ms', keepAliveIntervalMs: 5 })
    const { client, kubelet } = scene

    await client.begins()
    await Promise.all([kubelet.session.pings.reaches(10), kubelet.session.pongs.reaches(10)])
    client.stdin.end()

    expect(await results(scene)).toEqual({ outcome: {}, stdout: 'waiting done', stderr: '', end: undefined, failures: [] })
  })

  it('streams beyond our limit are refused, and those before go on', async () => {
    await using scene = await exec(['cat'], { stdin: true, maxOpenStreams: 2 })
    const session = await scene.kubelet.first

    await session.opened.reaches(2)
    await session.streams[0]?.bytes.end(JSON.stringify({ status: 'Failure', message: 'too many streams' }))

    expect(await results(scene)).toMatchObject({ outcome: { error: 'too many streams' }, stdout: '', stderr: '', end: undefined })
    expect(session.streams.map(({ type }) => type)).toEqual(['error', 'stdin'])
  })

  it('a client that is interrupted resets the streams and closes the session', async () => {
    await using scene = await exec(['wait'], { stdin: true })
    const { client, kubelet } = scene

    await client.begins()
    client.kill('SIGINT')

    expect(await client.outcome()).toEqual({ error: 'context canceled' })
    expect(await kubelet.session.ends()).toEqual({ error: 'StreamReset', stdin: 'StreamReset', stdout: 'StreamReset', stderr: 'StreamReset' })
    // what we still say may come to a process that has ended
    expect([undefined, 'ConnectionLost']).toContain(codeOf(await kubelet.session.closed))
    expect(new Set(kubelet.session.failures.map(codeOf))).toEqual(new Set(['StreamReset']))
  })

  it('a client that is killed ends the streams', async () => {
    await using scene = await exec(['wait'], { stdin: true })
    const { client, kubelet } = scene

    await client.begins()
    client.kill('SIGKILL')

    expect(await kubelet.session.ends()).toEqual({ error: 'ConnectionLost', stdin: 'ConnectionLost', stdout: 'ConnectionLost', stderr: 'ConnectionLost' })
    expect(await kubelet.session.closed).toMatchObject({ code: 'ConnectionLost' })
  })

  it('a client that is killed while we write ends the writing', async () => {
    await using scene = await exec(['yes'])
    const { client, kubelet } = scene

    await client.begins()
    client.kill('SIGKILL')

    expect(await kubelet.session.ends()).toEqual({ error: 'ConnectionLost', stdout: 'ConnectionLost', stderr: 'ConnectionLost' })
    expect(kubelet.session.failures[0]).toMatchObject({ code: 'ConnectionLost' })
  })
})

function codeOf (error: unknown): string | undefined {
  return isCoded(error) ? error.code : undefined
}
