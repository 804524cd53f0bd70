import { Tabs } from '@base-ui/react/tabs'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { readNetwork, useZoo } from '@/api/catalogue'
import { readModel, useModelSearch } from '@/api/models'
import type { ModelRow, NetworkRow } from '@/client/types'
import { useTold } from '@/i18n/told'
import { countText, shapeText } from '@/model/values'
import { openModel, openSpec } from '@/store/opening'
import { tellFailure } from '@/store/toasts'
import { Dialog } from '@/ui/Dialog'
import { FailureBox } from '@/ui/Failure'
import { Listed } from '@/ui/Listed'
import { closeDialog } from './state'
import { Thumbnail } from './Thumbnail'
import { useDiscard } from './useDiscard'

type Open = (load: () => Promise<void>) => void

/** The built-in networks, and the models on the server. */
export default function OpenDialog() {
  const { t } = useTranslation()
  const { guarded, question } = useDiscard()
  const open: Open = load =>
    guarded(() => {
      load()
        .then(closeDialog)
        .catch(error => tellFailure(t('files:openFailed'), error))
    })
  return (
    <Dialog title={t('files:openTitle')} open onClose={closeDialog} wide>
      <Tabs.Root defaultValue="zoo" className="tabs">
        <Tabs.List className="tab-list">
          <Tabs.Tab className="tab" value="zoo">
            {t('files:zoo')}
          </Tabs.Tab>
          <Tabs.Tab className="tab" value="models">
            {t('files:models')}
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="zoo" className="tab-panel">
          <Zoo onOpen={open} />
        </Tabs.Panel>
        <Tabs.Panel value="models" className="tab-panel">
          <Models onOpen={open} />
        </Tabs.Panel>
      </Tabs.Root>
      {question}
    </Dialog>
  )
}

function Zoo({ onOpen }: { onOpen: Open }) {
  const { t } = useTranslation()
  const told = useTold()
  const { data, error, isPending, refetch } = useZoo()
  const [typed, setTyped] = useState('')
  const wanted = typed.trim().toLowerCase()
  const fits = (row: NetworkRow) =>
    [row.name, row.title, row.group, row.doc, row.paper ?? '', told(row.title), told(row.doc)]
      .join(' ')
      .toLowerCase()
      .includes(wanted)
  const rows = (data ?? []).filter(fits)
  if (error) return <FailureBox title={t('files:zooFailed')} error={error} again={refetch} />
  return (
    <>
      <input
        type="search"
        className="input"
        placeholder={t('files:searchZoo')}
        aria-label={t('files:searchZoo')}
        value={typed}
        onChange={event => setTyped(event.target.value)}
      />
      <ul className="tiles">
        {rows.map(row => (
          <li key={row.name}>
            <button
              type="button"
              className="tile"
              data-network={row.name}
              onClick={() => onOpen(async () => openSpec(await readNetwork(row.name)))}
            >
              <Thumbnail name={row.name} />
              <strong>{told(row.title)}</strong>
              <span className="tile-facts">
                {Object.values(row.input).map(shapeText).join(', ')}
                {' · '}
                {t('files:params', { value: countText(row.params) })}
              </span>
              {row.trained ? <Trained best={row.trained} /> : null}
              <span className="tile-doc">{told(row.doc)}</span>
              {row.paper ? <cite>{row.paper}</cite> : null}
            </button>
          </li>
        ))}
      </ul>
      {rows.length === 0 ? (
        <p className="panel-empty">{isPending ? t('app:loading') : t('files:nothingFound')}</p>
      ) : null}
    </>
  )
}

/** How good it became here. */
function Trained({ best }: { best: NonNullable<NetworkRow['trained']> }) {
  const { t, i18n } = useTranslation()
  const accuracy = best.accuracy.toLocaleString(i18n.language, { style: 'percent', maximumFractionDigits: 2 })
  return (
    <span className="tile-trained">
      {best.dataset_name
        ? t('files:trainedOn', { accuracy, dataset: best.dataset_name })
        : t('files:trained', { accuracy })}
    </span>
  )
}

function Models({ onOpen }: { onOpen: Open }) {
  const { t } = useTranslation()
  const [typed, setTyped] = useState('')
  const { query, rows } = useModelSearch(typed)
  return (
    <>
      <input
        type="search"
        className="input"
        placeholder={t('files:searchModels')}
        aria-label={t('files:searchModels')}
        value={typed}
        onChange={event => setTyped(event.target.value)}
      />
      <Listed
        query={query}
        count={rows.length}
        failed={t('files:modelsFailed')}
        empty={typed.trim() ? t('files:nothingFound') : t('files:noModels')}
      >
        <ul className="rows">
          {rows.map(row => (
            <li key={row.id}>
              <ModelButton row={row} onOpen={onOpen} />
            </li>
          ))}
        </ul>
      </Listed>
    </>
  )
}

function ModelButton({ row, onOpen }: { row: ModelRow; onOpen: Open }) {
  const { t, i18n } = useTranslation()
  const when = new Date(row.updated_at).toLocaleString(i18n.language, { dateStyle: 'medium', timeStyle: 'short' })
  return (
    <button type="button" className="row-button" onClick={() => onOpen(async () => openModel(await readModel(row.id)))}>
      <strong>{row.name}</strong>
      <span>{t('files:version', { version: row.version })}</span>
      <span>{t('files:changed', { when })}</span>
    </button>
  )
}
