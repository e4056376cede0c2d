import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Folder, Running } from '../../cli/support/run-cli.ts'
import { as, makeKey, startNode } from '../../cli/support/run-node.ts'
import { startDockerEngine } from '../../support/docker-engine.ts'
import type { RunningNode } from '../../cli/support/run-node.ts'
import type { DockerEngine } from '../../support/docker-engine.ts'

const running: { engine?: DockerEngine } = {}

beforeAll(async () => {
  running.engine = await startDockerEngine({ name: 'peer' })
})

afterAll(async () => {
  await running.engine?.[Symbol.asyncDispose]()
})

interface Scene extends AsyncDisposable {
  readonly engine: DockerEngine
  readonly folder: Folder
  readonly bob: RunningNode
}

/** Bob has an engine, and lets alice use it. */
async function start (): Promise<Scene> {
  const { engine } = running

  if (engine == null) {
    throw new Error('there is no engine')
  }

  await using parts = new AsyncDisposableStack()
  const folder = parts.use(await Folder.create())
  const alice = await makeKey(folder, 'alice')
  const bob = parts.use(await startNode(folder, 'bob', ['services:', `  docker: { run: dockerclient ${engine.url}, allow: [${alice}] }`]))
  const held = parts.move()

  return { engine, folder, bob, [Symbol.asyncDispose]: async () => held.disposeAsync() }
}

describe('the containers of a peer', () => {
  it('have logs, taken apart into stdout and stderr', async () => {
    await using scene = await start()
    const { engine, folder, bob } = scene

    await engine.cli('run', '--name', 'said', '--network', 'none', 'busybox', 'sh', '-c', 'echo out; echo err >&2; sleep 0.5; echo more')

    expect(await as(folder, 'alice', ['logs', `${bob.address}/docker/said`])).toMatchObject({ code: 0, stdout: 'out\nmore\n', stderr: 'err\n' })
    expect(await as(folder, 'alice', ['logs', '--tail', '1', `${bob.address}/docker/said`])).toMatchObject({ code: 0, stdout: 'more\n' })
  })

  it('have logs of a terminal, which are one stream', async () => {
    await using scene = await start()
    const { engine, folder, bob } = scene

    await engine.cli('run', '-t', '--name', 'terminal', '--network', 'none', 'busybox', 'sh', '-c', 'echo out; echo err >&2')

    expect(await as(folder, 'alice', ['logs', `${bob.address}/docker/terminal`])).toMatchObject({ code: 0, stdout: 'out\r\nerr\r\n', stderr: '' })
  })

  it('are attached to, with stdin, stdout and stderr', async () => {
    await using scene = await start()
    const { engine, folder, bob } = scene

    // made for one input: of others an engine ends the output with the input
    await engine.cli('create', '-i', '--name', 'console', '--network', 'none', 'busybox', 'sh', '-c', 'read line; echo "got $line"; echo "err $line" >&2; sleep 0.5')
    await engine.cli('start', 'console')

    expect(await as(folder, 'alice', ['attach', `${bob.address}/docker/console`], { input: 'hello\n' })).toMatchObject({ code: 0, stdout: 'got hello\n', stderr: 'err hello\n' })
  })

  it('go on when who has attached leaves', async () => {
    await using scene = await start()
    const { engine, folder, bob } = scene

    await engine.cli('run', '-d', '--name', 'ticks', '--network', 'none', 'busybox', 'sh', '-c', 'while true; do echo tick; sleep 0.1; done')

    await using attached = new Running(['attach', '--key', folder.file('alice.key'), `${bob.address}/docker/ticks`])

    await attached.line(/tick/)
    attached.child.kill('SIGINT')

    expect(await attached.exited).toMatchObject({ code: 130 })
    expect((await engine.cli('inspect', '-f', '{{.State.Running}}', 'ticks')).stdout).toBe('true\n')
    expect(await as(folder, 'alice', ['stop', `${bob.address}/docker/ticks`, 'kill'])).toMatchObject({ code: 0 })
    expect((await engine.cli('inspect', '-f', '{{.State.Running}}', 'ticks')).stdout).toBe('false\n')
  })

  it('are listed and asked', async () => {
    await using scene = await start()
    const { engine, folder, bob } = scene

    await engine.cli('create', '--name', 'idle', '--network', 'none', 'busybox', 'true')

    expect((await as(folder, 'alice', ['ls', `${bob.address}/docker`, 'all=1'])).stdout.split('\n')).toContain('idle')
    expect(JSON.parse((await as(folder, 'alice', ['get', `${bob.address}/docker/idle`])).stdout)).toMatchObject({ Name: '/idle' })
  })
})
