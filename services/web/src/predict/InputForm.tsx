import { Tabs } from '@base-ui/react/tabs'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { TensorSpec } from '@/client/types'
import { shapeText } from '@/model/values'
import { DrawPad } from './DrawPad'
import { NumbersForm } from './NumbersForm'
import { PicturePick } from './PicturePick'
import { Preview } from './Preview'
import { penWidth } from './pen'
import { pictureOf } from './samples'
import { type PictureForm, pictureForm } from './signature'
import type { Given } from './state'

type Props = {
  readonly input: TensorSpec
  readonly value: Given
  readonly onChange: (change: Partial<Given>) => void
  readonly named: boolean
  /** Whether the operator fills in what is missing. */
  readonly fills?: boolean
}

/** The ways to give one input that its signature allows. */
export function InputForm({ input, value, onChange, named, fills }: Props) {
  const { t } = useTranslation()
  const form = useMemo(() => pictureForm(input), [input])
  return (
    <fieldset className="predict-input" data-input={input.name}>
      <legend className={named ? undefined : 'visually-hidden'}>
        {input.name} <small>{`${shapeText(input.shape)} · ${input.dtype}`}</small>
      </legend>
      {form ? (
        <Tabs.Root value={value.way} onValueChange={way => onChange({ way })}>
          <Tabs.List className="tab-list predict-ways">
            <Tabs.Tab className="tab" value="draw">
              {t('predict:draw')}
            </Tabs.Tab>
            <Tabs.Tab className="tab" value="picture">
              {t('predict:picture')}
            </Tabs.Tab>
            <Tabs.Tab className="tab" value="numbers">
              {t('predict:numbers')}
            </Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="draw">
            <Draw input={input} form={form} value={value} onChange={onChange} />
          </Tabs.Panel>
          <Tabs.Panel value="picture">
            <PicturePick form={form} value={value} onChange={onChange} />
          </Tabs.Panel>
          <Tabs.Panel value="numbers">
            <NumbersForm input={input} value={value} onChange={onChange} fills={fills} />
          </Tabs.Panel>
          {value.way === 'numbers' ? null : <Sent form={form} value={value} />}
        </Tabs.Root>
      ) : (
        <NumbersForm input={input} value={value} onChange={onChange} fills={fills} />
      )}
    </fieldset>
  )
}

function Sent({ form, value }: { form: PictureForm; value: Given }) {
  const channels = useMemo(() => pictureOf(value, form), [value, form])
  return channels ? <Preview channels={channels} /> : null
}

function Draw({ input, form, value, onChange }: Omit<Props, 'named'> & { form: PictureForm }) {
  const { t } = useTranslation()
  return (
    <>
      <DrawPad
        label={t('predict:pad', { name: input.name })}
        strokes={value.strokes}
        width={penWidth(form)}
        onStrokes={strokes => onChange({ strokes })}
      />
      <details className="predict-options">
        <summary>{t('predict:options')}</summary>
        <label className="check">
          <input
            type="checkbox"
            checked={value.centre}
            onChange={event => onChange({ centre: event.target.checked })}
          />
          {t('predict:centre')}
        </label>
        <label className="check">
          <input
            type="checkbox"
            checked={value.bright}
            onChange={event => onChange({ bright: event.target.checked })}
          />
          {t('predict:bright')}
        </label>
      </details>
    </>
  )
}
