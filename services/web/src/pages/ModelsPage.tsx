import { useParams } from 'wouter'
import { ModelDetail } from '@/library/ModelDetail'
import { ModelList } from '@/library/ModelList'

export default function ModelsPage() {
  const { id } = useParams<{ id?: string }>()
  return id === undefined ? <ModelList /> : <ModelDetail key={id} id={id} />
}
