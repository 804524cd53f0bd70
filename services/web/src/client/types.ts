// Names for the generated types; nothing here is written by hand.
import type { components } from './schema'

type Schemas = components['schemas']

export type Spec = Schemas['Spec']
export type Layer = Schemas['Layer']
export type LayerType = Schemas['LayerType']
export type LayerParam = Schemas['LayerParam']
export type Kind = Schemas['Kind']
export type Format = Schemas['Format']
export type NetworkRow = Schemas['NetworkRow']
export type Summary = Schemas['Summary']
export type LayerSummary = Schemas['LayerSummary']
export type ModelView = Schemas['ModelView']
export type ModelRow = Schemas['ModelRow']
export type Problem = Schemas['Problem']
export type ProblemDocument = Schemas['ProblemDocument']
export type ConversionReport = Schemas['ConversionReport']
