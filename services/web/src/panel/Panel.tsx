import { Tabs } from '@base-ui/react/tabs'
import { useTranslation } from 'react-i18next'
import './panel.css'
import { type PanelTab, TABS } from './registry'
import { showTab, usePanel } from './state'

/** The right side: whatever the registry holds. */
export function Panel() {
  const { t } = useTranslation()
  const tab = usePanel(state => state.tab)
  return (
    <aside className="panel" aria-label={t('panel:label')}>
      <Tabs.Root className="tabs" value={tab} onValueChange={value => showTab(String(value))}>
        <Tabs.List className="tab-list">
          {TABS.map(one => (
            <TabHead key={one.id} tab={one} />
          ))}
        </Tabs.List>
        {TABS.map(({ id, Content }) => (
          <Tabs.Panel key={id} value={id} className="tab-panel">
            <Content />
          </Tabs.Panel>
        ))}
      </Tabs.Root>
    </aside>
  )
}

const useNoBadge = () => 0

function TabHead({ tab }: { tab: PanelTab }) {
  const { t } = useTranslation()
  const useBadge = tab.useBadge ?? useNoBadge
  const badge = useBadge()
  return (
    <Tabs.Tab className="tab" value={tab.id}>
      {t(tab.title)}
      {badge > 0 ? <span className="badge">{badge}</span> : null}
    </Tabs.Tab>
  )
}
