import { CodedError } from '../../base/index.ts'

/** One thing that is wrong in a file, and where. */
export interface Problem {
  readonly line: number
  readonly column: number
  /** `services.docker.allow`; empty for the file as a whole. */
  readonly path: string
  readonly message: string
}

/** All that is wrong in a config file, in the order of the file. */
export class ConfigError extends CodedError {
  readonly file: string
  readonly problems: readonly Problem[]

  constructor (file: string, problems: readonly Problem[], options?: ErrorOptions) {
    super('InvalidConfig', problems.map((problem) => toLine(file, problem)).join('\n'), options)
    this.file = file
    this.problems = problems
  }

  /** As compilers say it, so that editors can jump there. */
  line (problem: Problem): string {
    return toLine(this.file, problem)
  }

  toJSON (): Record<string, unknown> {
    return { file: this.file, problems: this.problems }
  }
}

function toLine (file: string, { line, column, path, message }: Problem): string {
  return `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`
}
