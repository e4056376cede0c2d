import { execFile } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Readable } from 'node:stream'

const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants

/** Where a process writes, from both sides. */
export interface OutputPipes {
  /** What the process is to get as its stdout and stderr. */
  readonly theirs: readonly [number, number]
  /** Our ends. */
  open(): { readonly stdout: Readable, readonly stderr: Readable }
  /** Gives up what this process holds of their ends, so that ours end with the process. */
  closeTheirs(): void
  /** Gives up our ends, if they were not opened. */
  closeOurs(): void
}

/**
 * Pipes as a shell makes them. Node gives sockets to its children: one whose reader goes away says ECONNRESET and not
 * SIGPIPE, and is not opened by a name as /dev/stderr. Node makes no pipes, so these are FIFOs whose names are gone
 * before they are used. Not for stdin: who opens a FIFO by name waits for somebody to write, though all is written.
 *
 * @throws what the system says: there may be no `mkfifo`
 */
export async function createOutputPipes (): Promise<OutputPipes> {
  const folder = await mkdtemp(join(tmpdir(), 'swarmd-exec-'))

  try {
    const names = [join(folder, '1'), join(folder, '2')] as const

    await promisify(execFile)('mkfifo', ['-m', '600', ...names])

    return openBoth(names)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function openBoth ([stdout, stderr]: readonly [string, string]): OutputPipes {
  const opened: number[] = []
  const open = (name: string, flags: number): number => {
    const fd = openSync(name, flags)

    opened.push(fd)

    return fd
  }

  try {
    // who opens to write waits for who reads
    const ours = [open(stdout, O_RDONLY | O_NONBLOCK), open(stderr, O_RDONLY | O_NONBLOCK)] as const
    const theirs = [open(stdout, O_WRONLY), open(stderr, O_WRONLY)] as const

    return {
      theirs,
      open: () => ({ stdout: toReadable(ours[0]), stderr: toReadable(ours[1]) }),
      closeTheirs () { theirs.forEach((fd) => { closeSync(fd) }) },
      closeOurs () { ours.forEach((fd) => { closeSync(fd) }) }
    }
  } catch (thrown) {
    opened.forEach((fd) => { closeSync(fd) })
    throw thrown
  }
}

function toReadable (fd: number): Readable {
  return new Socket({ fd, readable: true, writable: false })
}
