import { spawn, spawnSync } from 'node:child_process'
import { buffer } from 'node:stream/consumers'
import { dockerMissing } from '../../support/docker-engine.ts'
import type { Outcome } from '../docker/support/cli.ts'

/** Why docker-compose cannot run here; undefined if it can. */
export function composeMissing (): string | undefined {
  return dockerMissing() ?? (spawnSync('docker-compose', ['version'], { stdio: 'ignore' }).status === 0
    ? undefined
    : 'docker-compose is not installed (apt-get install docker-compose)')
}

export interface Project {
  /** A path. */
  readonly file: string
  readonly name: string
}

/** Runs docker-compose against an engine, up to its end. */
export async function compose (host: string, { file, name }: Project, args: readonly string[]): Promise<Outcome> {
  const child = spawn('docker-compose', ['--no-ansi', '-f', file, '-p', name, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DOCKER_HOST: host, COMPOSE_INTERACTIVE_NO_CLI: '1' }
  })
  const ended = new Promise<number | null>((resolve, reject) => { child.once('error', reject).once('close', resolve) })
  const [stdout, stderr, code] = await Promise.all([buffer(child.stdout), buffer(child.stderr), ended])

  return { code, stdout, stderr: stderr.toString() }
}
