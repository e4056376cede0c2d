import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dockerMissing } from '../support/docker-engine.ts'
import { composeMissing } from './compose/compose.ts'
import { PROGRAMS } from './libp2p/programs.ts'
import { goMissing } from './support/go.ts'
import { redisMissing } from './unified/redis-server.ts'

/** Tests against the same program. */
export interface Group {
  readonly name: string
  /** For people. */
  readonly title: string
  /** Files, or folders. */
  readonly paths: readonly string[]
  /** Why it cannot run; undefined if it can. */
  missing(): string | undefined
}

function answers (program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0
}

export const GROUPS: readonly Group[] = [
  { name: 'go', title: 'go-libp2p', paths: ['test/interop/libp2p/go.spec.ts'], missing: goMissing },
  { name: 'js', title: 'js-libp2p', paths: ['test/interop/libp2p/js.spec.ts'], missing: () => PROGRAMS['js-libp2p'].missing() },
  { name: 'py', title: 'py-libp2p', paths: ['test/interop/libp2p/py.spec.ts'], missing: () => PROGRAMS['py-libp2p'].missing() },
  { name: 'unified', title: "libp2p's unified testing, over a Redis", paths: ['test/interop/unified'], missing: () => redisMissing() ?? goMissing() },
  { name: 'capture', title: 'bytes on the wire, decoded', paths: ['test/interop/capture'], missing: goMissing },
  { name: 'libchan', title: 'Go libchan', paths: ['test/interop/libchan.spec.ts'], missing: goMissing },
  { name: 'kubernetes', title: "Kubernetes' client-go, over SPDY", paths: ['test/interop/kubernetes'], missing: goMissing },
  { name: 'docker', title: 'docker CLI and dockerode, at a Docker Engine', paths: ['test/interop/docker'], missing: dockerMissing },
  { name: 'compose', title: 'docker-compose, at a Docker Engine', paths: ['test/interop/compose'], missing: composeMissing },
  { name: 'proxy', title: 'WebSockets behind nginx', paths: ['test/proxy'], missing: () => answers('nginx', ['-v']) ? undefined : 'nginx is not installed (apt-get install nginx)' },
  { name: 'browser', title: 'channels in Chromium', paths: ['test/browser'], missing: () => existsSync('/usr/bin/chromium') ? undefined : 'there is no /usr/bin/chromium (apt-get install chromium)' }
]
