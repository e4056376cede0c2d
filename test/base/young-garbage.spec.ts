import { constants, PerformanceObserver } from 'node:perf_hooks'
import { describe, expect, it } from 'vitest'
import { allocatedOutside } from '../../src/base/index.ts'

const CHUNK_BYTES = 64 * 1024
const CHUNKS = 16 * 1024

interface Collections {
  young: number
  /** Of everything. */
  full: number
}

/** What V8 collects while `allocate` is called for a gibibyte of short-lived chunks, with the turns of a loop between them. */
async function collectionsOf (allocate: (chunk: Uint8Array) => void): Promise<Collections> {
  const counts = { young: 0, full: 0 }
  const observer = new PerformanceObserver((list) => { list.getEntries().forEach(count) })

  function count (entry: object): void {
    const { detail: { kind } } = entry as { detail: { kind: number } }

    counts.young += kind === constants.NODE_PERFORMANCE_GC_MINOR ? 1 : 0
    counts.full += kind === constants.NODE_PERFORMANCE_GC_MAJOR ? 1 : 0
  }

  observer.observe({ entryTypes: ['gc'] })

  for (let i = 0; i < CHUNKS; i++) {
    allocate(new Uint8Array(CHUNK_BYTES))

    if (i % 16 === 0) {
      await new Promise<void>((resolve) => { setImmediate(resolve) })
    }
  }

  observer.takeRecords().forEach(count)
  observer.disconnect()

  return counts
}

describe('memory outside of the heap', () => {
  it('is found by collections of the young generation when they are told of it, and else by full ones', async () => {
    const untold = await collectionsOf(() => {})
    const told = await collectionsOf(({ byteLength }) => { allocatedOutside(byteLength) })

    expect(untold.full).toBeGreaterThan(untold.young)
    expect(told.young).toBeGreaterThan(4 * told.full)
  })
})
