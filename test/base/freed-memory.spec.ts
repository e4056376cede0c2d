import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

const isGlibc = 'glibcVersionRuntime' in (process.report.getReport() as { header: object }).header

/** Allocates 12 MiB in blocks, touches and frees them, time after time, and prints the page faults for each page. */
const PROGRAM = `
  import { keepFreedMemory } from '${new URL('../../src/base/index.ts', import.meta.url).href}'

  const blocks = 192, bytes = 64 * 1024, pages = blocks * bytes / 4096
  const { minorPageFault: before } = process.resourceUsage()

  keepFreedMemory()

  for (let i = 0; i < 20; i++) {
    const held = Array.from({ length: blocks }, () => new Uint8Array(bytes).fill(1))

    held.forEach(({ buffer }) => buffer.transfer(0))
  }

  console.log((process.resourceUsage().minorPageFault - before) / pages)`

/** Whether something stands behind the blocks, so that they stay anyway, is a matter of luck: two processes in seven have it. */
const PROCESSES = 8

describe('freed memory', () => {
  it.skipIf(!isGlibc)('stays with the process, whose next blocks need no new pages', () => {
    const faults = Array.from({ length: PROCESSES }, () => Number(execFileSync(process.execPath, ['--input-type=module', '--eval', PROGRAM])))

    expect(Math.max(...faults)).toBeLessThan(2.5) // up to 16 else
  })
})
