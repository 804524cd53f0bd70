import type { ComponentType } from 'react'
import type { JobView } from '@/client/types'
import type { Run } from '@/training/run'
import { Attributes } from './Attributes'
import { Classes } from './Classes'
import { Events } from './Events'
import { Layers } from './Layers'
import { Pictures } from './Pictures'
import { Reproduce } from './Reproduce'

export type InsightProps = { readonly job: JobView; readonly run: Run }

/** What there is to look at in a training; a new one is a file and a line here. */
export const PANELS: readonly ComponentType<InsightProps>[] = [Layers, Classes, Attributes, Pictures, Events, Reproduce]
