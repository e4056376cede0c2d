import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

const isGlibc = 'glibcVersionRuntime' in (process.report.getReport() as { header: object }).header

/** Allocates 4 MiB in blocks, touches and frees them, fifty times over, and prints how many page faults that took. */
const CHURN = `
  const blocks = 64, bytes = 64 * 1024, times = 50
  const { minorPageFault: before } = process.resourceUsage()

  for (let i = 0; i < times; i++) {
    const held = Array.from({ length: blocks }, () => new Uint8Array(bytes).fill(1))

    held.forEach(({ buffer }) => buffer.transfer(0))
  }

  console.log(process.resourceUsage().minorPageFault - before)`

const KEEP = `import { keepFreedMemory } from '${new URL('../../src/base/index.ts', import.meta.url).href}'\nkeepFreedMemory()\n`

/** Of what is allocated at a time. */
const PAGES = 4 * 2 ** 20 / 4096

function faultsOf (program: string): number {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' })

  expect(stderr).toBe('')

  return Number(stdout)
}

describe('freed memory', () => {
  it.skipIf(!isGlibc)('stays with the process, whose next blocks need no new pages', () => {
    expect(faultsOf(`${KEEP}${CHURN}`)).toBeLessThan(5 * PAGES) // 36 times as many else
  })
})
