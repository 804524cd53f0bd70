import { Boxes, Copy, Trash2, Ungroup } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useCatalogue } from '@/api/catalogue'
import { useFeedback } from '@/api/FeedbackContext'
import { duplicateSelected, lookInside, removeSelected, unfoldForGood } from '@/canvas/actions'
import { useInsideOf } from '@/canvas/blocks'
import { catchFocus } from '@/canvas/view'
import type { Layer, LayerType } from '@/client/types'
import { useTold } from '@/i18n/told'
import { layerNamed } from '@/model/doc'
import { renameLayer, setOutput, setWeightsOf } from '@/model/edit'
import { nameProblem } from '@/model/names'
import { parseRef } from '@/model/refs'
import { shapeText, textOf } from '@/model/values'
import { edit, select, useReadOnly, useSelection, useSpec } from '@/store/editor'
import { tell } from '@/store/toasts'
import { Button } from '@/ui/Button'
import { ProblemList } from '@/ui/Failure'
import { Field } from '@/ui/Field'
import { groupColour } from '@/ui/groups'
import { TextInput } from '@/ui/TextInput'
import { AlignButtons } from './AlignButtons'
import { Facts } from './Facts'
import { GroupFields } from './GroupFields'
import { InputList } from './InputList'
import { NoteField } from './NoteField'
import { ParamForm } from './ParamForm'

/** The selected layer: its parameters as the catalogue declares them, its name, its connections. */
export function LayerPanel() {
  const { t } = useTranslation()
  const spec = useSpec()
  const selection = useSelection()
  const { byType } = useCatalogue()
  const readOnly = useReadOnly()
  const layer = selection.length === 1 ? layerNamed(spec, selection[0] ?? '') : undefined
  if (selection.length === 0 || (selection.length === 1 && !layer)) {
    return <p className="panel-empty">{t('panel:nothingSelected')}</p>
  }
  if (!layer) {
    return (
      <fieldset className="bare" disabled={readOnly}>
        <p>{t('panel:several', { count: selection.length })}</p>
        <AlignButtons names={selection} />
        <GroupFields names={selection} />
        <LayerActions />
      </fieldset>
    )
  }
  const type = byType.get(layer.type)
  return (
    <fieldset key={layer.name} className="bare" disabled={readOnly}>
      <LayerHead layer={layer} type={type} />
      <OwnProblems name={layer.name} />
      <NameField layer={layer} />
      {type ? <ParamForm layer={layer} type={type} /> : <UnknownType layer={layer} />}
      <InputList layer={layer} most={type?.ports.most ?? null} />
      <Wiring layer={layer} type={type} />
      <NoteField layer={layer} />
      <LayerFacts name={layer.name} />
      {type?.block ? <BlockActions name={layer.name} /> : null}
      <LayerActions />
    </fieldset>
  )
}

function LayerHead({ layer, type }: { layer: Layer; type: LayerType | undefined }) {
  const told = useTold()
  return (
    <header className="layer-head">
      <h2>
        <span className={`dot ${groupColour(type?.group)}`} aria-hidden />
        {layer.type}
      </h2>
      <p>{told(type?.doc ?? '')}</p>
    </header>
  )
}

/** Nothing says what its parameters mean: they are shown as they stand. */
function UnknownType({ layer }: { layer: Layer }) {
  const { t } = useTranslation()
  return (
    <>
      <p>{t('panel:unknownType')}</p>
      <Facts facts={Object.entries(layer.params ?? {}).map(([name, value]) => [name, textOf(value)])} />
    </>
  )
}

function OwnProblems({ name }: { name: string }) {
  const problems = useFeedback().problems.filter(one => one.where.layer === name && !one.where.param)
  return problems.length === 0 ? null : (
    <div className="problems-bad">
      <ProblemList problems={problems} />
    </div>
  )
}

function NameField({ layer }: { layer: Layer }) {
  const { t } = useTranslation()
  const spec = useSpec()
  const rename = (name: string) => {
    const problem = nameProblem(name, layer.name, spec)
    if (problem) return tell(t(`panel:${problem}`))
    edit(doc => renameLayer(doc, layer.name, name.trim()))
    select([name.trim()])
    catchFocus(name.trim())
  }
  return (
    <Field label={t('panel:name')} id="layer-name">
      {ids => <TextInput {...ids} lazy value={layer.name} maxLength={200} onText={rename} />}
    </Field>
  )
}

/** Whether it is an output, and whose weights it shares. */
function Wiring({ layer, type }: { layer: Layer; type: LayerType | undefined }) {
  const { t } = useTranslation()
  const spec = useSpec()
  const isOutput = spec.outputs.some(text => parseRef(text).layer === layer.name)
  const alike = spec.layers.filter(one => one.type === layer.type && one.name !== layer.name && !one.weights_of)
  const shares = (type?.weights.length ?? 0) > 0 && (alike.length > 0 || layer.weights_of)
  return (
    <>
      <label className="check">
        <input
          type="checkbox"
          checked={isOutput}
          onChange={event => edit(doc => setOutput(doc, layer.name, event.target.checked))}
        />
        {t('panel:isOutput')}
      </label>
      {shares ? (
        <Field label={t('panel:weightsOf')}>
          {ids => (
            <select
              {...ids}
              className="input"
              value={layer.weights_of ?? ''}
              onChange={event => edit(doc => setWeightsOf(doc, layer.name, event.target.value || null))}
            >
              <option value="">{t('panel:ownWeights')}</option>
              {alike.map(one => (
                <option key={one.name}>{one.name}</option>
              ))}
            </select>
          )}
        </Field>
      ) : null}
    </>
  )
}

function LayerFacts({ name }: { name: string }) {
  const { t } = useTranslation()
  const found = useFeedback().layers.get(name)
  if (!found) return null
  return (
    <Facts
      facts={[
        [t('panel:outputShape'), found.output_shapes.map(shapeText).join(' | ')],
        [t('panel:paramCount'), found.params.toLocaleString()],
        [t('panel:macs'), found.macs?.toLocaleString() ?? t('panel:unknown')],
      ]}
    />
  )
}

/** A block is looked into, or gives way to its layers. */
function BlockActions({ name }: { name: string }) {
  const { t } = useTranslation()
  const open = useInsideOf(name)
  return (
    <div className="actions">
      <Button icon={<Boxes size={15} aria-hidden />} aria-pressed={open} onClick={() => lookInside(name)}>
        {t(open ? 'canvas:hideInside' : 'canvas:showInside', { name })}
      </Button>
      <Button icon={<Ungroup size={15} aria-hidden />} onClick={() => void unfoldForGood(name)}>
        {t('canvas:unfoldForGood')}
      </Button>
    </div>
  )
}

function LayerActions() {
  const { t } = useTranslation()
  return (
    <div className="actions">
      <Button icon={<Copy size={15} aria-hidden />} onClick={duplicateSelected}>
        {t('panel:duplicate')}
      </Button>
      <Button tone="danger" icon={<Trash2 size={15} aria-hidden />} onClick={removeSelected}>
        {t('panel:delete')}
      </Button>
    </div>
  )
}
