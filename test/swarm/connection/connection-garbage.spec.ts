import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const PROGRAM = fileURLToPath(new URL('connection-garbage.ts', import.meta.url))

/** Both ends leave some 5 KiB; where only the sockets kept their listeners, and with those our own objects, it was 31 KiB. */
const MAX_OLD_BYTES = 12 * 1024

it('leaves little of a connection that has ended to a full collection', async () => {
  const flags = ['--expose-gc', '--initial-old-space-size=1000', '--max-semi-space-size=4']
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, PROGRAM])

  expect(Number(stdout)).toBeLessThan(MAX_OLD_BYTES)
}, 60_000)
