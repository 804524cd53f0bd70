import { create } from 'zustand'
import type { Point } from '@/model/doc'

export type Role = 'viewer' | 'commenter' | 'editor' | 'owner'
export type Person = {
  readonly client: number
  readonly name: string
  /** Which of the eight colours of `together.css`. */
  readonly colour: number
  readonly cursor: Point | null
  /** Names of the layers that they have selected. */
  readonly selected: readonly string[]
}

/** `away`: the connection is lost, and edits wait. `ended`: the gateway let nobody in, for the reason in `code`. */
export type Status = 'off' | 'joining' | 'live' | 'away' | 'ended'

export type Together = {
  readonly model: string | null
  readonly status: Status
  readonly role: Role
  readonly code: number
  /** The others. */
  readonly people: readonly Person[]
  /** Name -> key of each layer, by which comments know them. */
  readonly keys: ReadonlyMap<string, string>
  /** Grows with every change of the comments. */
  readonly talk: number
}

const NOBODY: readonly Person[] = []
const NO_KEYS: ReadonlyMap<string, string> = new Map()
export const ALONE: Together = {
  model: null,
  status: 'off',
  role: 'owner',
  code: 0,
  people: NOBODY,
  keys: NO_KEYS,
  talk: 0,
}

export const useTogether = create<Together>(() => ALONE)

export const isShared = ({ status }: Together): boolean => status !== 'off' && status !== 'ended'
export const mayComment = ({ role }: Together): boolean => role !== 'viewer'
export const mayEdit = ({ role }: Together): boolean => role === 'editor' || role === 'owner'
