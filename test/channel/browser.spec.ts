import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import * as browser from '../../src/channel/browser.ts'
import * as node from '../../src/channel/index.ts'
import { readTopFile } from '../support/source-tree.ts'
import { failure } from './failure.ts'

async function bundle (): Promise<{ text: string, inputs: string[] }> {
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(new URL('../../src/channel/browser.ts', import.meta.url))],
    bundle: true,
    write: false,
    metafile: true,
    minify: true, // comments may say what code must not
    format: 'esm',
    platform: 'browser',
    logLevel: 'silent'
  })

  return { text: outputFiles.map((file) => file.text).join('\n'), inputs: Object.keys(metafile.inputs) }
}

describe('swarmd/channel in browsers', () => {
  it('exports what it does in Node', () => {
    expect(Object.keys(browser).sort()).toEqual(Object.keys(node).sort())
  })

  it('has no module of Node, nor anything that needs one', async () => {
    const { text, inputs } = await bundle()

    expect(text.match(/["'`]node:[a-z/]+["'`]|\bBuffer\b|\bprocess\.|\bsetImmediate\b|\brequire\(/g)).toBeNull()
    expect(inputs.filter((path) => /node_modules\/(?:ws|@libp2p\/logger)\//.test(path))).toEqual([])
  })

  it('is what package.json gives to browsers', () => {
    const { exports } = JSON.parse(readTopFile('package.json')) as { exports: Record<string, Record<string, string>> }

    expect(Object.entries(exports['./channel'] ?? {})).toEqual([
      ['types', './dist/src/channel/index.d.ts'],
      ['browser', './dist/src/channel/browser.js'],
      ['import', './dist/src/channel/index.js']
    ])
  })

  it('connects in memory, and says what else there is', async () => {
    await using listener = await browser.listen('memory:in-a-browser', async (session) => {
      for await (const numbers of session) {
        await browser.copy(await echo.promise, numbers)
      }
    })
    const [received, sender] = browser.pipe()
    const echo = Promise.withResolvers<typeof sender>()
    echo.resolve(sender)
    await using session = await browser.connect(listener.url)

    await session.newSendChannel().send('hello')

    expect(await received.receive()).toEqual({ done: false, value: 'hello' })
    expect(await failure(browser.connect('tcp://localhost:1'))).toMatchObject({ code: 'InvalidAddress', message: expect.stringContaining('There are memory: ws: wss:') })
    expect(await failure(browser.listen('ws://localhost:1', () => {}))).toMatchObject({ code: 'UnsupportedOperation' })
  })
})
