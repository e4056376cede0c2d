/*
 * One end of a system, in a process of its own: `end.ts serve <system>`, `end.ts connect <system> <address>` or
 * `end.ts crowd <system> <peers>`. It obeys lines of JSON on stdin, answers on stdout, and ends when stdin does.
 */
import { readFileSync } from 'node:fs'
import { cpuSecondsOf, memoryOf } from './harness/proc.ts'
import { readLines, writeLine } from './harness/wire.ts'
import { loadSystem } from './systems/index.ts'
import { NotOffered } from './systems/system.ts'
import type { Command, Method, Ready, Usage } from './harness/wire.ts'
import type { ClientEnd, Crowd, ServerEnd, System } from './systems/system.ts'

type Work = (...args: unknown[]) => Promise<unknown>

const [, , role = '', name = '', argument = ''] = process.argv

/** Found as node finds them: beside the benchmarks first, then beside swarmd. */
function versionOf (packageName: string): string {
  for (const place of ['./', '../']) {
    try {
      const { version } = JSON.parse(readFileSync(new URL(`${place}node_modules/${packageName}/package.json`, import.meta.url), 'utf8')) as { version: string }

      return version
    } catch {
      continue
    }
  }

  return 'unknown'
}

async function open (system: System): Promise<ServerEnd | ClientEnd | Crowd> {
  switch (role) {
    case 'serve': return system.serve()
    case 'connect': return system.connect(argument)
    case 'crowd': return await system.crowd?.(Number(argument)) ?? fail('it makes no crowd')
    default: return fail(`wanted serve, connect or crowd, received ${role}`)
  }
}

function fail (message: string): never {
  throw new RangeError(message)
}

async function whyMissing (system: System): Promise<string | undefined> {
  return role === 'crowd' && system.crowd == null ? 'it makes no crowds' : system.missing?.()
}

/** What an object can do, whether its class or itself defines it. */
function methodsOf (end: object): Method[] {
  const names = new Set<string>()

  for (let place: object = end; place !== Object.prototype; place = Object.getPrototypeOf(place) as object) {
    Object.getOwnPropertyNames(place).forEach((property) => names.add(property))
  }

  return Array.from(names).filter((property) => property !== 'constructor' && typeof Reflect.get(end, property) === 'function') as Method[]
}

async function memory (pids: readonly number[]): Promise<number> {
  for (let i = 0; i < 4; i++) {
    globalThis.gc?.()
    await new Promise((resolve) => { setTimeout(resolve, 25) })
  }

  return process.memoryUsage.rss() + pids.reduce((sum, pid) => sum + memoryOf(pid).bytes, 0)
}

function usage (pids: readonly number[]): Usage {
  const { user, system } = process.cpuUsage()

  return {
    cpuSeconds: (user + system) / 1e6 + pids.reduce((sum, pid) => sum + cpuSecondsOf(pid), 0),
    peakBytes: process.resourceUsage().maxRSS * 1024 + pids.reduce((sum, pid) => sum + memoryOf(pid).peakBytes, 0)
  }
}

async function obey (end: ServerEnd | ClientEnd | Crowd, { order, args }: Command): Promise<unknown> {
  const pids = 'pids' in end ? end.pids ?? [] : []

  switch (order) {
    case 'usage': return usage(pids)
    case 'memory': return memory(pids)
    default: return (Reflect.get(end, order) as Work).apply(end, args)
  }
}

async function answer (end: ServerEnd | ClientEnd | Crowd, command: Command): Promise<void> {
  try {
    writeLine(process.stdout, { result: await obey(end, command) ?? null })
  } catch (error) {
    const { message, stack = message } = error instanceof Error ? error : new Error(String(error))

    writeLine(process.stdout, error instanceof NotOffered ? { error: message, isOffered: false } : { error: stack, isOffered: true })
  }
}

/** Undefined when it is not installed; then that has been said. */
async function load (): Promise<System | undefined> {
  try {
    return await loadSystem(name)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException

    if (code !== 'ERR_MODULE_NOT_FOUND') {
      throw error
    }

    writeLine(process.stdout, { about: '', versions: {}, offers: [], missing: `npm ci --prefix benchmarks has not been run: ${message}` })

    return undefined
  }
}

async function run (): Promise<void> {
  const system = await load()

  if (system == null) {
    return
  }

  const ready: Ready = { about: system.about, versions: Object.fromEntries(system.packages.map((one) => [one, versionOf(one)])), offers: [] }
  const missing = await whyMissing(system)

  if (missing != null) {
    writeLine(process.stdout, { ...ready, missing })

    return
  }

  const end = await open(system)

  writeLine(process.stdout, { ...ready, offers: methodsOf(end), ...'address' in end ? { address: end.address } : {} })

  for await (const command of readLines<Command>(process.stdin)) {
    if (command.order === 'close') {
      break
    }

    await answer(end, command)
  }

  // also when whoever measures is gone: a broker must not outlive it
  await end.close()
}

await run()
process.exit()
