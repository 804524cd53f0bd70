// Names for the generated types; nothing here is written by hand.
import type { components } from './schema'

export { stateValues as STATES, weightsFormatValues as WEIGHTS_FORMATS } from './schema'

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
export type JobView = Schemas['JobView']
export type JobState = Schemas['State']
export type Fault = Schemas['Fault']
export type Choice = Schemas['Choice']
export type DatasetView = Schemas['DatasetView']
export type FeatureSchema = Schemas['FeatureSchema']
export type Sample = Schemas['Sample']
export type RecipeField = Schemas['RecipeField']
export type OperatorView = Schemas['OperatorView']
