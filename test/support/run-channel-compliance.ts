import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, it } from 'vitest'
import { channelCompliance } from '../../src/testing/index.ts'
import { settle } from './fake-clock.ts'
import type { ChannelComplianceInit, ComplianceSizes, MemoryGauge, ChannelSetup } from '../../src/testing/index.ts'

/** What every run can afford; `SWARMD_FULL=1` asks for all that is promised. */
const SMALL: ComplianceSizes = { messages: 10_000, bytes: 64 * 1024 * 1024, channels: 1_000 }

/** The compliance suite, as it runs in this repository. */
export function runChannelCompliance (name: string, setup: ChannelSetup, init: Partial<ChannelComplianceInit> = {}): void {
  const sizes = process.env.SWARMD_FULL === '1' ? {} : SMALL

  channelCompliance(name, setup, { describe, it, sizes, memory: gauge(), ...init })
}

function gauge (): MemoryGauge {
  setFlagsFromString('--expose-gc')

  const collectGarbage = runInNewContext('gc') as () => void

  return {
    async collect () {
      // what was just let go of is only found by the second time
      for (let time = 0; time < 2; time++) {
        await settle()
        collectGarbage()
      }
    },
    usedBytes () {
      const { heapUsed, arrayBuffers } = process.memoryUsage()

      return heapUsed + arrayBuffers
    }
  }
}
