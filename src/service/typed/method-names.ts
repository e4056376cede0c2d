/** Names that every object or promise has a meaning for already: a client could not tell them from methods. */
const RESERVED: ReadonlySet<string> = new Set([...Object.getOwnPropertyNames(Object.prototype), 'then', 'toJSON', 'apply', 'bind', 'call', 'prototype'])

const NAME = /^[A-Za-z_$][\w$-]{0,127}$/

/** Between a group and what is in it. */
export const SEPARATOR = '.'

/** Whether a part of a method's name, between its dots, may be one. */
export function isName (name: string): boolean {
  return NAME.test(name) && !RESERVED.has(name)
}
