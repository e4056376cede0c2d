import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, open, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { createAuthority } from './certificates.ts'
import { freePort } from './free-port.ts'
import type { Certificate } from './certificates.ts'
import type { ChildProcess } from 'node:child_process'

const DOCKERD = '/usr/sbin/dockerd'
const BUSYBOX = '/bin/busybox'
const APPLETS = ['sh', 'cat', 'echo', 'ls', 'sleep', 'seq', 'head', 'wc', 'true', 'false', 'yes', 'top', 'ps', 'dd', 'tr', 'date', 'kill', 'env', 'pwd', 'stty', 'test', 'printf', 'touch', 'mkdir', 'rm', 'id', 'tail', 'od', 'md5sum', 'sha256sum', 'stat', 'ln', 'chmod', 'uname', 'hostname', 'tee', 'grep', 'sort', 'sync']

const POLL_MS = 50
const START_PATIENCE_MS = 60_000
const STOP_PATIENCE_MS = 15_000
const PING_PATIENCE_MS = 5000
/** Of the end of the log that an error shows. */
const SHOWN_LOG_LENGTH = 4000

export interface DockerEngineInit {
  /** Told apart by this in the path of the socket, as two engines may run. @default 'dk' */
  name?: string | undefined
  /** Listens at a port of 127.0.0.1, too: see `tcpUrl`. @default false */
  tcp?: boolean | undefined
  /** As `tcp`, for who shows a certificate of `authority` only: see `tlsFiles`. @default false */
  tls?: boolean | undefined
}

export interface CliOutcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the docker CLI up to its end. */
export type Cli = (...args: string[]) => Promise<CliOutcome>

export interface TlsFiles {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** A Docker engine of its own: nothing in it but the image `busybox:latest`. Containers need `--network none`. */
export interface DockerEngine extends AsyncDisposable {
  /** A path. */
  readonly socket: string
  /** `unix://` and the path. */
  readonly url: string
  /** `tcp://127.0.0.1:PORT`, if it was asked for. */
  readonly tcpUrl: string | undefined
  /** Paths of what a client of `tcpUrl` needs, if TLS was asked for. */
  readonly tlsFiles: TlsFiles | undefined
  /** The CLI against this engine. */
  readonly cli: Cli
  /** The CLI against another one. */
  cliFor(url: string): Cli
  /** The engine ends, with its containers, and comes back. */
  restart(): Promise<void>
}

/** Why there can be no engine here; undefined if there can. */
export function dockerMissing (): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    return 'a Docker engine needs Linux and root'
  }

  if (!existsSync(DOCKERD)) {
    return `there is no ${DOCKERD} (apt-get install docker.io)`
  }

  if (spawnSync('docker', ['--version'], { stdio: 'ignore' }).status !== 0) {
    return 'there is no docker CLI (apt-get install docker.io)'
  }

  return existsSync(BUSYBOX) ? undefined : `there is no ${BUSYBOX} (apt-get install busybox-static)`
}

/** Resolves when it answers. Dispose of it: what it started ends, and its folder goes. */
export async function startDockerEngine ({ name = 'dk', tcp = false, tls = false }: DockerEngineInit = {}): Promise<DockerEngine> {
  const folder = await mkdtemp(join(tmpdir(), `${name}-`))
  const url = `unix://${join(folder, 's')}`
  const port = tcp || tls ? await freePort() : undefined
  const tlsFiles = tls ? await writeCertificates(folder) : undefined
  const daemon = new Daemon(folder, [...port == null ? [] : ['-H', `tcp://127.0.0.1:${port}`], ...tls ? serverTls(folder) : []])
  const cli = cliFor(url)
  const dispose = async (): Promise<void> => {
    await removeContainers(cli)
    await daemon.stop()
    await rm(folder, { recursive: true, force: true })
  }

  try {
    await daemon.start()
    await importBusybox(cli, folder)
  } catch (thrown) {
    await dispose()
    throw thrown
  }

  return {
    socket: join(folder, 's'),
    url,
    tcpUrl: port == null ? undefined : `tcp://127.0.0.1:${port}`,
    tlsFiles,
    cli,
    cliFor,
    restart: async () => {
      await removeContainers(cli)
      await daemon.stop()
      await daemon.start()
    },
    [Symbol.asyncDispose]: dispose
  }
}

/** One dockerd at a time, whose files are all in a folder. */
class Daemon {
  readonly #folder: string
  readonly #options: readonly string[]
  #process: ChildProcess | undefined

  constructor (folder: string, options: readonly string[]) {
    this.#folder = folder
    this.#options = options
  }

  async start (): Promise<void> {
    const log = await open(join(this.#folder, 'log'), 'a')
    const daemon = spawn(DOCKERD, [
      '--iptables=false', '--ip6tables=false', '--bridge=none', '--storage-driver=vfs',
      '--data-root', join(this.#folder, 'data'),
      '--exec-root', join(this.#folder, 'exec'),
      '--pidfile', join(this.#folder, 'pid'),
      '-H', `unix://${join(this.#folder, 's')}`,
      ...this.#options
    ], { stdio: ['ignore', log.fd, log.fd] })

    this.#process = daemon
    daemon.unref() // its life is not that of one test
    process.on('exit', this.#onExit)
    await log.close()
    await this.#untilReady(daemon)
  }

  async stop (): Promise<void> {
    const daemon = this.#process

    this.#process = undefined
    process.off('exit', this.#onExit)

    if (daemon != null && !hasEnded(daemon)) {
      daemon.ref()
      daemon.kill('SIGTERM')
      await Promise.race([once(daemon, 'exit'), setTimeout(STOP_PATIENCE_MS, undefined, { ref: false })])
    }

    if (daemon != null && !hasEnded(daemon)) {
      daemon.kill('SIGKILL')
      await once(daemon, 'exit')
    }

    await this.#endChildren()
    unmount(this.#folder)
  }

  readonly #onExit = (): void => {
    this.#process?.kill('SIGTERM')
  }

  async #untilReady (daemon: ChildProcess): Promise<void> {
    const deadline = performance.now() + START_PATIENCE_MS

    while (!await answersPing(join(this.#folder, 's'))) {
      if (hasEnded(daemon) || performance.now() > deadline) {
        const log = await readFile(join(this.#folder, 'log'), 'utf8')

        throw new Error(`dockerd ${hasEnded(daemon) ? `ended with ${daemon.exitCode}` : `did not answer within ${START_PATIENCE_MS} ms`}:\n${log.slice(-SHOWN_LOG_LENGTH)}`)
      }

      await setTimeout(POLL_MS)
    }
  }

  /** containerd and its shims are dockerd's to end; when it was killed, they are ours. */
  async #endChildren (): Promise<void> {
    const deadline = performance.now() + STOP_PATIENCE_MS
    let children = processesOf(this.#folder)

    for (let signal: NodeJS.Signals = 'SIGTERM'; children.length > 0; children = processesOf(this.#folder)) {
      for (const pid of children) {
        endProcess(pid, signal)
      }

      await setTimeout(POLL_MS)
      signal = performance.now() > deadline ? 'SIGKILL' : signal
    }
  }
}

function hasEnded (child: ChildProcess): boolean {
  return child.exitCode != null || child.signalCode != null
}

/** Those that run with a path of the folder among their arguments. */
function processesOf (folder: string): number[] {
  return readdirSync('/proc').map(Number).filter((pid) => {
    try {
      return pid !== process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${folder}/`)
    } catch {
      return false // no process, or it has ended
    }
  })
}

function endProcess (pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // it has ended meanwhile
  }
}

function unmount (folder: string): void {
  const points = readFileSync('/proc/self/mounts', 'utf8').split('\n').map((line) => line.split(' ')[1] ?? '')

  // what is mounted within another comes off first
  for (const point of points.filter((each) => each.startsWith(`${folder}/`)).reverse()) {
    spawnSync('umount', ['--lazy', point], { stdio: 'ignore' })
  }
}

async function answersPing (socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const ping = request({ socketPath, path: '/_ping', timeout: PING_PATIENCE_MS, agent: false }, (response) => {
      response.resume().once('close', () => { resolve(response.statusCode === 200) })
    })

    ping.on('timeout', () => { ping.destroy() }).on('error', () => { resolve(false) }).end()
  })
}

function cliFor (url: string): Cli {
  return async (...args) => {
    const child = spawn('docker', ['-H', url, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, DOCKER_CLI_HINTS: 'false' } })
    const ended = new Promise<number | null>((resolve, reject) => { child.once('error', reject).once('close', resolve) })
    const [stdout, stderr, code] = await Promise.all([buffer(child.stdout), buffer(child.stderr), ended])

    return { code, stdout: stdout.toString(), stderr: stderr.toString() }
  }
}

async function removeContainers (cli: Cli): Promise<void> {
  const { stdout } = await cli('ps', '-aq')
  const ids = stdout.split('\n').filter((id) => id !== '')

  if (ids.length > 0) {
    await cli('rm', '-fv', ...ids)
  }
}

/** An image with the commands of busybox, and nothing else. */
async function importBusybox (cli: Cli, folder: string): Promise<void> {
  const root = join(folder, 'root')
  const tar = join(folder, 'busybox.tar')

  await mkdir(join(root, 'bin'), { recursive: true })
  await mkdir(join(root, 'tmp'), { mode: 0o1777 })
  await mkdir(join(root, 'etc'))
  await writeFile(join(root, 'etc', 'passwd'), 'root:x:0:0:root:/:/bin/sh\n')
  await copyFile(BUSYBOX, join(root, 'bin', 'busybox'))

  for (const applet of APPLETS) {
    await symlink('busybox', join(root, 'bin', applet))
  }

  const { status } = spawnSync('tar', ['-C', root, '-cf', tar, '.'], { stdio: 'ignore' })
  const { code, stderr } = await cli('import', '--change', 'CMD ["sh"]', '--change', 'ENV PATH=/bin', tar, 'busybox:latest')

  if (status !== 0 || code !== 0) {
    throw new Error(`busybox cannot be imported: ${stderr}`)
  }

  await rm(root, { recursive: true })
  await rm(tar)
}

async function writeCertificates (folder: string): Promise<TlsFiles> {
  const authority = createAuthority()
  const paths = { ca: join(folder, 'ca.pem'), cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  const server = authority.issue('engine')

  await writeFile(paths.ca, authority.cert)
  await writePair(paths.cert, paths.key, authority.issue('client'))
  await writePair(join(folder, 'server-cert.pem'), join(folder, 'server-key.pem'), server)

  return paths
}

async function writePair (certPath: string, keyPath: string, { cert, key }: Certificate): Promise<void> {
  await writeFile(certPath, cert)
  await writeFile(keyPath, key, { mode: 0o600 })
}

function serverTls (folder: string): string[] {
  return ['--tlsverify', '--tlscacert', join(folder, 'ca.pem'), '--tlscert', join(folder, 'server-cert.pem'), '--tlskey', join(folder, 'server-key.pem')]
}
