import { readdirSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'

/** Of the clock in /proc; 100 wherever Linux runs on what we measure on. */
const TICKS_PER_SECOND = 100

interface ProcessStat {
  parent: number
  /** Of the process and of children that have ended and were waited for. */
  cpuSeconds: number
}

/** Undefined when there is no such process, or no /proc. */
function processStat (pid: number | string): ProcessStat | undefined {
  const text = read(`/proc/${pid}/stat`)
  // the second field is the name of the program, which may contain anything
  const [, parent, ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ').map(Number)
  const [userTicks = 0, systemTicks = 0, childUserTicks = 0, childSystemTicks = 0] = fields.slice(9)

  return parent == null ? undefined : { parent, cpuSeconds: (userTicks + systemTicks + childUserTicks + childSystemTicks) / TICKS_PER_SECOND }
}

export function cpuSecondsOf (pid: number): number {
  return processStat(pid)?.cpuSeconds ?? 0
}

export function memoryOf (pid: number): { bytes: number, peakBytes: number } {
  const status = read(`/proc/${pid}/status`)
  const kilobytes = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0)

  return { bytes: kilobytes('VmRSS') * 1024, peakBytes: kilobytes('VmHWM') * 1024 }
}

/** CPU time of a process and of all that descend from it. */
function cpuSecondsOfTree (root: number): number {
  const stats = new Map<number, ProcessStat>()

  for (const pid of pids()) {
    const stat = processStat(pid)

    if (stat != null) {
      stats.set(pid, stat)
    }
  }

  const isOurs = (pid: number): boolean => pid === root || (stats.has(pid) && isOurs(stats.get(pid)?.parent ?? 0))

  return Array.from(stats).filter(([pid]) => isOurs(pid)).reduce((sum, [, { cpuSeconds }]) => sum + cpuSeconds, 0)
}

/** Tells how much of the machine went to others: other processes, and other machines on the same host. */
export class MachineWatch {
  readonly #startedAt = performance.now()
  readonly #busy = busySeconds()
  readonly #ours = cpuSecondsOfTree(process.pid)

  /** From 0 to 1, since this was made. */
  foreignShare (): number {
    const elapsed = (performance.now() - this.#startedAt) / 1000 * cpus().length
    const foreign = busySeconds() - this.#busy - (cpuSecondsOfTree(process.pid) - this.#ours)

    return Math.min(1, Math.max(0, foreign / elapsed))
  }
}

/** What all CPUs did since the machine started, stolen time included; 0 where nobody tells. */
function busySeconds (): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, steal = 0] = (/^cpu +(.*)$/m.exec(read('/proc/stat'))?.[1] ?? '').split(' ').map(Number)

  return (user + nice + system + irq + softIrq + steal) / TICKS_PER_SECOND
}

function pids (): number[] {
  try {
    return readdirSync('/proc').map(Number).filter((pid) => pid > 0)
  } catch {
    return []
  }
}

function read (path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
