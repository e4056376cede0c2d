import { execFile } from 'node:child_process'
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { handlerBackend } from '../../src/backends/handler.ts'
import { Client } from '../../src/service/index.ts'
import { createTestHost, runStage, spawnStage } from './stage.ts'

let folder: string

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'handler-')))

  return async () => rm(folder, { recursive: true })
})

async function write (name: string, text: string): Promise<string> {
  const path = join(folder, name)

  await writeFile(path, text)
  onTestFinished(async () => rm(path))

  return path
}

const SAY_ARGS = 'async ({ log }) => { await log(args.join(" ")); return { code: 4 } }'

describe('handler', () => {
  it('runs the task of a function', async () => {
    const path = await write('task.mjs', `export default (args) => ${SAY_ARGS}`)
    const { logs, exit } = await runStage(handlerBackend, [path, 'a', 'b'])

    expect(logs).toEqual([['info', 'a b']])
    expect(exit).toEqual({ code: 4 })
  })

  it('runs what is written in TypeScript, seen from the folder of the process', async () => {
    const path = await write('typed.ts', `export default (args: readonly string[]) => ${SAY_ARGS}`)
    const { logs } = await runStage(handlerBackend, [relative(process.cwd(), path), 'x'])

    expect(logs).toEqual([['info', 'x']])
  })

  it('answers as the object that a module exports, for whoever spawns it', async () => {
    const path = await write('itself.mjs', `
      let asked = 0

      export default {
        handle: async (request) => {
          await request.answer({ verb: 8, args: [JSON.stringify(++asked)] })
          await request.end()
        }
      }`)

    for (const count of [1, 2]) {
      await using stage = await spawnStage(handlerBackend, [path])

      await stage.object.start()

      expect(await stage.input.get()).toBe(count)
    }
  })

  it('gives the service of a function, with what it knows of spawning', async () => {
    const path = await write('service.mjs', `
      export default async (args, { host, call }) => ({
        handle: async (request) => {
          await request.answer({ verb: 8, args: [JSON.stringify([args, host.env.COLOUR, call.caller])] })
          await request.end()
        }
      })`)
    const host = createTestHost({ env: { COLOUR: 'red' } })

    await using client = new Client(await handlerBackend.spawn([path, 'a'], { host, call: { caller: {} } as never }))

    expect(await client.get()).toEqual([['a'], 'red', {}])
  })

  it('spawns a backend', async () => {
    const path = await write('backend.mjs', 'export default { name: "mine", summary: "does", usage: "", spawn: (args) => ({ handle: (call) => call.fail(new Error(args[0])) }) }')

    await using client = new Client(await handlerBackend.spawn([path, 'told so'], { host: createTestHost(), call: {} as never }))

    await expect(client.ls()).rejects.toMatchObject({ message: 'told so' })
  })

  it.each([
    ['no.mjs', undefined, 'NotFound', 'there is no module'],
    ['empty.mjs', '', 'InvalidArgument', 'received nothing'],
    ['number.mjs', 'export default 5', 'InvalidArgument', 'received a number'],
    ['object.mjs', 'export default {}', 'InvalidArgument', 'an object of another shape'],
    ['gives.mjs', 'export default () => "text"', 'InvalidArgument', 'received a string'],
    ['throws.mjs', 'throw new Error("no database")', 'ServiceFailed', 'no database'],
    ['refuses.mjs', 'export default () => { throw new Error("two words, please") }', undefined, 'two words, please']
  ])('says what is wrong with %s', async (name, text, code, message) => {
    const path = text == null ? join(folder, name) : await write(name, text)

    await expect(spawnStage(handlerBackend, [path])).rejects.toMatchObject({ ...code == null ? {} : { code }, message: expect.stringContaining(message) })
  })

  it('wants a file', async () => {
    await expect(spawnStage(handlerBackend, [])).rejects.toMatchObject({ code: 'InvalidArgument' })
  })

  // as Node itself says it, without the loader of the tests
  it.each([
    ['enum.ts', 'export enum Colour { red }', 'InvalidArgument'],
    ['syntax.ts', 'export default (: string', 'InvalidArgument'],
    ['syntax.mjs', 'export default (', 'InvalidArgument'],
    ['picture.png', '', 'FailedPrecondition'],
    ['imports.mjs', 'import "./not-there.mjs"', 'NotFound']
  ])('knows the errors of Node for %s', async (name, text, code) => {
    const path = await write(name, text)
    const script = [
      `import { handlerBackend } from ${JSON.stringify(new URL('../../src/backends/handler.ts', import.meta.url))}`,
      `const error = await handlerBackend.spawn([${JSON.stringify(path)}], {}).catch((error) => error)`,
      'process.stdout.write(JSON.stringify([error.code, error.message]))'
    ].join('\n')
    const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', '--input-type=module', '-e', script])

    expect(JSON.parse(stdout)).toEqual([code, expect.stringContaining(path)])
  })

  it('says that a Node that strips no types cannot read TypeScript', async () => {
    const path = await write('plain.ts', 'export default 5')
    const script = [
      `import { handlerBackend } from ${JSON.stringify(new URL('../../src/backends/handler.ts', import.meta.url))}`,
      'import { registerHooks } from "node:module"',
      'registerHooks({ load (url, context, next) { if (url.endsWith("plain.ts")) { throw Object.assign(new TypeError("Unknown file extension \\".ts\\""), { code: "ERR_UNKNOWN_FILE_EXTENSION" }) } return next(url, context) } })',
      `const error = await handlerBackend.spawn([${JSON.stringify(path)}], {}).catch((error) => error)`,
      'process.stdout.write(JSON.stringify([error.code, error.message]))'
    ].join('\n')
    const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', '--input-type=module', '-e', script])

    expect(JSON.parse(stdout)).toEqual(['FailedPrecondition', expect.stringContaining('22.18')])
  })
})
