import { afterAll, beforeAll } from 'vitest'
import { startDockerEngine } from '../../../support/docker-engine.ts'
import { startStack } from './stack.ts'
import type { Hosts } from './compare.ts'
import type { Stack } from './stack.ts'
import type { DockerEngine } from '../../../support/docker-engine.ts'

/** An engine for this file of tests, and `dockerserver | debug | dockerclient` before it. */
export function useHosts (): Hosts & Pick<Stack, 'seen'> {
  const running: { engine?: DockerEngine, stack?: Stack } = {}

  beforeAll(async () => {
    running.engine = await startDockerEngine()
    running.stack = await startStack(['debug', `dockerclient ${running.engine.url}`])
  })

  afterAll(async () => {
    await running.stack?.[Symbol.asyncDispose]()
    await running.engine?.[Symbol.asyncDispose]()
  })

  return {
    get direct () { return running.engine?.url ?? '' },
    get piped () { return running.stack?.host ?? '' },
    get seen () { return running.stack?.seen ?? [] }
  }
}
