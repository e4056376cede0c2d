import { readdirSync, readFileSync } from 'node:fs'

interface ProcessStat {
  readonly pid: number
  readonly state: string
  readonly parent: number
  readonly group: number
}

function readStat (pid: string): ProcessStat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const [state = '', parent, group] = text.slice(text.lastIndexOf(')') + 2).split(' ')

    return { pid: Number(pid), state, parent: Number(parent), group: Number(group) }
  } catch {
    return undefined // it has ended meanwhile
  }
}

function allProcesses (): ProcessStat[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => readStat(pid) ?? [])
}

/** The processes of a group that run; who has ended, and waits for its parent to notice, does not. */
export function membersOf (group: number): number[] {
  return allProcesses().filter((each) => each.group === group && each.state !== 'Z').map(({ pid }) => pid)
}

/** Children of this process that have ended and that nobody has asked how. */
export function zombies (): number[] {
  return allProcesses().filter(({ parent, state }) => parent === process.pid && state === 'Z').map(({ pid }) => pid)
}

/** What it does: R for running, S for waiting. */
export function stateOf (pid: number): string | undefined {
  return readStat(String(pid))?.state
}

/** Bytes that a process has written, to whatever. */
export function writtenBy (pid: number): number {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1])
}
