/* Which functions the ends of swarmd spend their time in: profiles of V8, for Chrome's DevTools, and the heaviest of each. */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { EndInit } from './end-process.ts'

const DIRECTORY = fileURLToPath(new URL('../../.tmp/profiles', import.meta.url))
const HEAVIEST = 10
/** Nothing is done there. */
const IDLE = ['(idle)', '(root)']

interface CpuProfile {
  nodes: Array<{ id: number, callFrame: { functionName: string, url: string, lineNumber: number } }>
  samples: number[]
  /** Microseconds before each sample. */
  timeDeltas: number[]
}

export function emptyProfiles (): void {
  rmSync(DIRECTORY, { recursive: true, force: true })
  mkdirSync(DIRECTORY, { recursive: true })
}

let count = 0

/** For an end whose profile is to be written when it exits. */
export function profileFlags (question: string, system: string, role: EndInit['role']): string[] {
  const name = `${question}-${system.replaceAll(/[^A-Za-z0-9]+/g, '-')}-${role}-${++count}.cpuprofile`

  return system.startsWith('swarmd ') ? ['--cpu-prof', `--cpu-prof-dir=${DIRECTORY}`, `--cpu-prof-name=${name}`] : []
}

/** The heaviest functions of each profile that was written. */
export function profileReport (): string {
  return readdirSync(DIRECTORY).toSorted().map((name) => {
    const heaviest = heaviestOf(JSON.parse(readFileSync(`${DIRECTORY}/${name}`, 'utf8')) as CpuProfile)

    return `\n${DIRECTORY}/${name}\n${heaviest.map(({ share, place }) => `${(share * 100).toFixed(1).padStart(6)} %  ${place}\n`).join('')}`
  }).join('')
}

/** By time spent in a function itself, as a share of all time that was not idle. */
export function heaviestOf ({ nodes, samples, timeDeltas }: CpuProfile): Array<{ place: string, share: number }> {
  const places = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]))
  const times = new Map<string, number>()
  let total = 0

  samples.forEach((id, index) => {
    const place = places.get(id) ?? ''

    if (!IDLE.includes(place)) {
      const time = timeDeltas[index] ?? 0

      total += time
      times.set(place, (times.get(place) ?? 0) + time)
    }
  })

  return Array.from(times, ([place, time]) => ({ place, share: time / total })).sort((a, b) => b.share - a.share).slice(0, HEAVIEST)
}

function placeOf ({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName
  const file = url.replace(/^.*\/(?=(src|node_modules|benchmarks)\/)/, '')

  return url === '' ? name : `${name} ${file}:${lineNumber + 1}`
}
