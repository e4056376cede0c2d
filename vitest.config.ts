import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const COMPLIANCE = 'test/compliance/**/*.spec.ts'

/** They need programs that npm does not bring: Go, Chromium, nginx, a Docker engine. `test/interop/run.ts` looks for them. */
const FOREIGN = ['test/interop/**/*.spec.ts', 'test/browser/**/*.spec.ts', 'test/proxy/**/*.spec.ts']

function supportFile (name: string): string {
  return fileURLToPath(new URL(`test/support/${name}`, import.meta.url))
}

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'swarmd',
          include: ['test/**/*.spec.ts'],
          exclude: [COMPLIANCE, ...FOREIGN],
          setupFiles: ['test/support/leak-check.ts'],
          testTimeout: 20_000,
          hookTimeout: 20_000
        }
      },
      {
        test: {
          name: 'interop',
          include: FOREIGN,
          setupFiles: ['test/support/leak-check.ts'],
          testTimeout: 60_000,
          hookTimeout: 300_000 // a first build of Go programs fetches their modules
        }
      },
      {
        // suites of the libp2p project: written for mocha, chai 4 and the package `libp2p`
        resolve: {
          alias: [
            { find: 'aegir/chai', replacement: supportFile('compliance-chai.js') },
            { find: /^libp2p$/, replacement: supportFile('swarm-as-libp2p.ts') }
          ]
        },
        test: {
          name: 'compliance',
          include: [COMPLIANCE],
          setupFiles: ['test/support/mocha-shim.ts'],
          server: { deps: { inline: [/interface-compliance-tests/] } },
          testTimeout: 120_000,
          hookTimeout: 20_000
        }
      }
    ]
  }
})
