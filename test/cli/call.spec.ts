import { writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { toJson } from '../../src/cli/json-value.ts'
import { Folder } from './support/run-cli.ts'
import { as, makeKey, startNode } from './support/run-node.ts'
import type { RunningNode } from './support/run-node.ts'

const SERVICE = new URL('../../src/service/index.ts', import.meta.url)

/** A node with a typed service that alice may use. */
async function startTyped (folder: Folder): Promise<RunningNode> {
  const alice = await makeKey(folder, 'alice')
  const module = folder.file('clock.mjs')

  await writeFile(module, `
    import { service, serving } from '${String(SERVICE)}'

    export default () => serving(service({
      double: ({ n }) => ({ n: n * 2 }),
      async * count ({ to }) { for (let n = 1; n <= to; n++) { yield n } },
      fail () { throw new Error('no clock today') },
      never: () => new Promise(() => {})
    }))
  `)

  return startNode(folder, 'node', ['services:', `  clock: { run: handler ${module}, allow: [${alice}] }`])
}

describe('swarmd call', () => {
  it('calls a method, and prints its result or each element of its sequence', async () => {
    await using folder = await Folder.create()
    await using node = await startTyped(folder)

    const clock = `${node.address}/clock`

    expect((await as(folder, 'alice', ['call', '--timeout', '10s', clock, 'double', '{"n": 21}'])).stdout).toBe('{"n":42}\n')
    expect((await as(folder, 'alice', ['call', '--timeout', '10s', '--json', clock, 'count', '{"to": 2}'])).stdout).toBe('{"event":"result","value":1}\n{"event":"result","value":2}\n')
  })

  it('tells what went wrong by its exit code', async () => {
    await using folder = await Folder.create()
    await using node = await startTyped(folder)

    const clock = `${node.address}/clock`

    expect(await as(folder, 'alice', ['call', '--timeout', '10s', clock, 'fail'])).toMatchObject({ code: 9, stderr: expect.stringContaining('no clock today') })
    expect(await as(folder, 'alice', ['call', '--timeout', '10s', clock, 'dubble'])).toMatchObject({ code: expect.any(Number), stderr: expect.stringContaining('dubble') })
    expect(await as(folder, 'alice', ['call', clock, 'never', '--timeout', '800'])).toMatchObject({ code: 5 })
    expect(await as(folder, 'alice', ['call', clock, 'double', '{n: 1}'])).toMatchObject({ code: 2, stderr: expect.stringContaining("call wants its input as JSON, in quotes for the shell: '{\"id\": 1}', received '{n: 1}'") })
  })
})

describe('toJson', () => {
  it('shows what JSON has not', () => {
    const value = { bytes: Uint8Array.of(1, 2), big: 2n ** 70n, at: new Date(0), list: [new Map([['a', 1n]])], none: null, channel: new (class Sender {})() }

    expect(toJson(value)).toEqual({ bytes: 'AQI=', big: '1180591620717411303424', at: '1970-01-01T00:00:00.000Z', list: [{ a: '1' }], none: null, channel: '<Sender>' })
  })
})
