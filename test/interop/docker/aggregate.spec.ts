import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startDockerEngine } from '../../support/docker-engine.ts'
import { until } from '../../support/until.ts'
import { docker } from './support/cli.ts'
import { NAME, removeAll } from './support/compare.ts'
import { startStack } from './support/stack.ts'
import type { Command } from './support/cli.ts'
import type { Stack } from './support/stack.ts'
import type { DockerEngine } from '../../support/docker-engine.ts'

const running: { a?: DockerEngine, b?: DockerEngine, stack?: Stack } = {}

beforeAll(async () => {
  const [a, b] = await Promise.all([startDockerEngine({ name: 'one' }), startDockerEngine({ name: 'two' })])

  Object.assign(running, { a, b })
  running.stack = await startStack([`aggregate "a=dockerclient ${a.url}" "b=dockerclient ${b.url}"`])
})

afterAll(async () => {
  await running.stack?.[Symbol.asyncDispose]()
  await running.a?.[Symbol.asyncDispose]()
  await running.b?.[Symbol.asyncDispose]()
})

beforeEach(async () => {
  await removeAll(running.a?.url ?? '')
  await removeAll(running.b?.url ?? '')
})

/** The trimmed output of a command at both engines together. */
async function all (...args: string[]): Promise<string> {
  return ask(running.stack?.host, args)
}

async function one (...args: string[]): Promise<string> {
  return ask(running.a?.url, args)
}

async function two (...args: string[]): Promise<string> {
  return ask(running.b?.url, args)
}

async function ask (host: string | undefined, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await docker(host ?? '', args)

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })

  return stdout.toString().trim()
}

async function outcome (command: Command | readonly string[]): Promise<{ code: number | null, stdout: string, stderr: string }> {
  const { code, stdout, stderr } = await docker(running.stack?.host ?? '', command)

  return { code, stdout: stdout.toString(), stderr }
}

function run (name: string, ...command: string[]): string[] {
  return ['run', '-d', '--network', 'none', '--stop-timeout', '0', '--name', name, 'busybox', ...command]
}

const names = ['--filter', `name=${NAME}`, '--format', '{{.Names}}']

describe('the docker CLI at two engines', () => {
  it('lists the containers of both, prefixed where both have one of that name', async () => {
    await one(...run(`${NAME}-same`, 'sleep', '60'))
    await two(...run(`${NAME}-same`, 'sleep', '60'))
    await two(...run(`${NAME}-only`, 'sleep', '60'))

    const listed = (await all('ps', ...names)).split('\n')

    expect(listed.toSorted()).toEqual([`${NAME}-only`, `a/${NAME}-same`, `b/${NAME}-same`].toSorted())
    expect((await all('ps', '-q', '--no-trunc')).split('\n')).toHaveLength(3)
  })

  it('has the newest first, and no more than were asked for', async () => {
    await one(...run(`${NAME}-1`, 'sleep', '60'))
    await one('run', '--rm', '--network', 'none', 'busybox', 'sleep', '1.2') // engines tell the time in seconds
    await two(...run(`${NAME}-2`, 'sleep', '60'))

    expect(await all('ps', ...names)).toBe(`${NAME}-2\n${NAME}-1`)
    expect(await all('ps', '-n', '1', '--format', '{{.Names}}')).toBe(`${NAME}-2`)
    expect(await all('ps', '-l', '--format', '{{.Names}}')).toBe(`${NAME}-2`)
  })

  it('runs where the name says', async () => {
    await all(...run(`b/${NAME}-placed`, 'sleep', '60'))

    expect(await two('ps', ...names)).toBe(`${NAME}-placed`)
    expect(await one('ps', ...names)).toBe('')
  })

  it('runs where less runs unless told', async () => {
    await one(...run(`${NAME}-busy-1`, 'sleep', '60'))
    await one(...run(`${NAME}-busy-2`, 'sleep', '60'))

    await all(...run(`${NAME}-new`, 'sleep', '60'))

    expect(await two('ps', ...names)).toBe(`${NAME}-new`)
  })

  it('runs attached, with both streams, input and status', async () => {
    const args = ['run', '--rm', '-i', '--network', 'none', 'busybox', 'sh', '-c', 'cat; echo err >&2; exit 3']

    expect(await outcome({ args, input: 'hello\n' })).toEqual({ code: 3, stdout: 'hello\n', stderr: 'err\n' })
  })

  it('finds a container by its name, its prefixed name and its ID', async () => {
    const id = await two(...run(`${NAME}-found`, 'sh', '-c', 'echo said; exec sleep 60'))

    for (const name of [`${NAME}-found`, `b/${NAME}-found`, id, id.slice(0, 12)]) {
      expect(await all('inspect', '--format', '{{.Id}}', name)).toBe(id)
      expect(await all('logs', name)).toBe('said')
      expect(await outcome(['exec', name, 'sh', '-c', 'echo in; exit 4'])).toEqual({ code: 4, stdout: 'in\n', stderr: '' })
    }

    await all('rm', '-f', `b/${NAME}-found`)
    expect(await two('ps', '-a', ...names)).toBe('')
  })

  it('asks which of two is meant, and does not find what is nowhere', async () => {
    await one(...run(`${NAME}-same`, 'sleep', '60'))
    await two(...run(`${NAME}-same`, 'sleep', '60'))

    const ambiguous = await outcome(['stop', `${NAME}-same`])

    expect(ambiguous.code).toBe(1)
    expect(ambiguous.stderr).toContain(`a/${NAME}-same`)
    expect(await outcome(['inspect', 'nope'])).toEqual({ code: 1, stdout: '[]\n', stderr: 'Error: No such object: nope\n' })
    expect(await all('stop', '-t', '0', `a/${NAME}-same`)).toBe(`a/${NAME}-same`)
    expect(await one('ps', ...names)).toBe('')
    expect(await two('ps', ...names)).toBe(`${NAME}-same`)
  })

  it('adds up what both are', async () => {
    const format = '{{.ContainersRunning}} {{.Images}} {{.NCPU}} {{.MemTotal}}'

    await one(...run(`${NAME}-1`, 'sleep', '60'))
    await two(...run(`${NAME}-2`, 'sleep', '60'))

    const [ofOne, ofTwo] = [await one('info', '--format', format), await two('info', '--format', format)].map((text) => text.split(' ').map(Number))

    expect((await all('info', '--format', format)).split(' ').map(Number)).toEqual(ofOne?.map((count, index) => count + (ofTwo?.[index] ?? 0)))
    expect((await all('images', '-q')).split('\n')).toHaveLength(2)
  })

  it('hears the events of both', async () => {
    const since = String(Date.now() / 1000)

    await one(...run(`${NAME}-1`, 'true'))
    await two(...run(`${NAME}-2`, 'true'))
    await one('wait', `${NAME}-1`)
    await two('wait', `${NAME}-2`)

    const events = await all('events', '--since', since, '--until', String(Date.now() / 1000), '--filter', 'event=start', '--format', '{{.Actor.Attributes.name}}')

    expect(events.split('\n').toSorted()).toEqual([`${NAME}-1`, `${NAME}-2`])
  })

  it('goes on with one of them, and says that the other has gone', async () => {
    await one(...run(`${NAME}-left`, 'sleep', '60'))
    await two(...run(`${NAME}-gone`, 'sleep', '60'))
    await running.b?.[Symbol.asyncDispose]()
    delete running.b

    expect(await all('ps', ...names)).toBe(`${NAME}-left`)
    expect(await all('info', '--format', '{{.ContainersRunning}}')).toBe('1')
    expect(await all(...run(`${NAME}-more`, 'true'))).toMatch(/^[0-9a-f]{64}$/)
    await until(() => running.stack?.seen.some((line) => /\bb\b.*left out/.test(line)) ?? false)

    // it would be tried again and again
    await running.stack?.[Symbol.asyncDispose]()
    delete running.stack
  })
})
