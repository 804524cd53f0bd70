import type { Fate } from '@/model/union'

/** Colour is never the only sign. */
export const SIGNS: Readonly<Record<Fate, string>> = { added: '+', removed: '−', changed: '~', same: '' }
