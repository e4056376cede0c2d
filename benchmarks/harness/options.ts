import { parseArgs } from 'node:util'

export const HELP = `Usage: node benchmarks/main.ts [options]

Without options: what the targets compare, in some minutes.

  --full            all questions, of all systems, in about 35 minutes
  --question a,b    these questions, of all systems
  --system x,y      these systems, in all questions; swarmd is all of ours
  --rounds n        that count; one more warms up
  --seconds s       for each reading
  --no-warm-up      no reading waits until code is compiled: to see that everything runs, not how fast
  --write           RESULTS.md, results.json and results.svg, beside this program
  --report          the same anew from results.json, without measuring: after a change of limits.md
  --profile         has the ends of swarmd write CPU profiles to .tmp/profiles, and prints their heaviest functions
  --list            names of questions and systems
`

export interface Options {
  isFull: boolean
  questions: readonly string[] | undefined
  systems: readonly string[] | undefined
  rounds: number
  seconds: number
  isWarmed: boolean
  isWritten: boolean
  isReportOnly: boolean
  isProfiled: boolean
  isListed: boolean
  isHelp: boolean
}

/** @throws TypeError for an option that does not exist, RangeError for a number that is none */
export function parseOptions (args: readonly string[]): Options {
  const { values } = parseArgs({
    args: Array.from(args),
    options: {
      full: { type: 'boolean', default: false },
      question: { type: 'string' },
      system: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      'no-warm-up': { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      report: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false }
    }
  })
  const isFull = values.full
  const defaults = defaultsOf(values)

  return {
    isFull,
    questions: values.question?.split(','),
    systems: values.profile ? values.system?.split(',') ?? ['swarmd'] : values.system?.split(','),
    rounds: positive('rounds', values.rounds ?? defaults.rounds),
    seconds: positive('seconds', values.seconds ?? defaults.seconds),
    isWarmed: !values['no-warm-up'],
    isWritten: values.write,
    isReportOnly: values.report,
    isProfiled: values.profile,
    isListed: values.list,
    isHelp: values.help
  }
}

function defaultsOf ({ full, profile }: { full: boolean, profile: boolean }): { rounds: string, seconds: string } {
  if (profile) {
    return { rounds: '1', seconds: '3' } // long enough for what happens at start to weigh little
  }

  return full ? { rounds: '4', seconds: '0.8' } : { rounds: '3', seconds: '0.5' }
}

function positive (name: string, text: string): number {
  const value = Number(text)

  if (!(value > 0)) {
    throw new RangeError(`--${name} must be a number above 0, received ${text}`)
  }

  return value
}
